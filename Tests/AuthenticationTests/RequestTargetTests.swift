import Authentication
import Testing

@Suite("What a request asks for")
struct RequestTargetTests {
    @Test("paths are decoded", arguments: ["/a/%E5%90%8E%20x:do", "/a/%e5%90%8e%20x%3Ado"])
    func path(path: String) throws {
        #expect(try RequestTarget(path: path, query: "").path == "/a/后 x:do")
    }

    @Test("parameters are decoded and sorted, and empty ones between ampersands don't count")
    func parameters() throws {
        let target = try RequestTarget(path: "/", query: "&b=%E5%90%8E+1&&a.10=x=y&a.2=&")
        #expect(target.parameters.map(\.name) == ["a.10", "a.2", "b"])
        #expect(target.parameters.map(\.value) == ["x=y", "", "后 1"])
    }

    @Test(
        "a path that a router could read otherwise than the signature does is refused",
        arguments: [
            "", "a", "//a", "/a//b", "/a%2Fb", "/a%2fb", "/a+b", "/a%", "/a%4", "/a%zz", "/a%+1", "/%ff", "/%C0%AF",
        ])
    func ambiguousPath(path: String) {
        #expect(throws: SignatureRefusal.malformed(.path)) { try RequestTarget(path: path, query: "") }
    }

    @Test(
        "a query of which a signature covers only a part is refused",
        arguments: ["a", "a=1&force", "=1", "a=1&a=2", "a=1&%61=1", "a=%", "a=%zz", "%ff=1", "a=%ff"])
    func uncoveredQuery(query: String) {
        #expect(throws: SignatureRefusal.malformed(.query)) { try RequestTarget(path: "/", query: query) }
    }
}
