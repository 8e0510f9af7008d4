import ServiceModel
import Testing

@Suite("Names")
struct ResourceNameTests {
    @Test(
        "the pattern allows what the rule allows",
        arguments: [
            "web", "Web_1-a", "网站", "〇", "𠮷野家", "﨎", "龥", "鿿", "㐀", String(repeating: "a", count: 32),
            String(repeating: "𠮷", count: 32), "", "a b", "é", "ａ", "１", "・", "々", "豈", "a\n", "\na", "\\", "]", "^",
            String(repeating: "a", count: 33),
        ])
    func pattern(name: String) throws {
        let pattern = try Regex(ResourceName.pattern).matchingSemantics(.unicodeScalar)
        #expect((try pattern.wholeMatch(in: name) != nil) == ResourceName.isValid(name))
    }
}
