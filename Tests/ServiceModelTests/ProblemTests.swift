import ServiceModel
import Testing

@Suite("Problems")
struct ProblemTests {
    @Test("each reason is a sentence that starts with the field")
    func sentences() {
        let reasons: [(Problem.Reason, String)] = [
            (.outOfRange(value: 900, allowed: 0...100), "a.b: 900 is outside 0...100"),
            (.malformed(found: "x", expected: "an IPv4 or IPv6 address"), "a.b: x is not an IPv4 or IPv6 address"),
            (.missing, "a.b: is missing"),
            (.unknownField(allowed: ["c", "d"]), "a.b: is no field here; allowed are c, d"),
            (.duplicate(what: "the name \"w\"", first: "a[0]"), "a.b: the name \"w\" is already taken by a[0]"),
            (.notFound(kind: "group", name: "g"), "a.b: there is no group named \"g\""),
            (.conflict("both do not fit"), "a.b: both do not fit"),
            (.unsupported("not yet"), "a.b: not yet"),
            (
                .tooMany(count: 101, limit: 100, of: "load balancers"),
                "a.b: 101 load balancers, and at most 100 are allowed"
            ),
        ]
        for (reason, sentence) in reasons { #expect(Problem(path: "a.b", reason: reason).description == sentence) }
        #expect(Problem(path: "", reason: .missing).description == "is missing")
    }
}
