import CommandText
import Testing

@Suite("Tables")
struct TextTableTests {
    @Test("columns are as wide as their widest cell, and a Chinese character is two cells wide")
    func alignment() {
        #expect(
            alignedTable(["NAME", "PORT"], [["前端", "80"], ["b", "8080"]]) == """
                NAME  PORT
                前端  80
                b     8080

                """)
    }

    @Test("what would steer a terminal does not get through")
    func control() {
        #expect(printable("a\u{1b}[2Jb\nc\u{202e}d\u{9b}") == "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}")
        #expect(alignedLines([["a\tb", "é 前 😀"]]) == ["a\u{fffd}b  é 前 😀"])
    }
}
