import AdminTypes
import Foundation
import NetworkTypes
import ServiceModel
import Testing

@Suite("Examples")
struct ExampleTests {
    @Test("every example is valid and comes back as it is written out", arguments: ["web.yaml", "web-ipv6.yaml"])
    func examples(file: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "examples/\(file)"), encoding: .utf8)
        let checked = try ConfigurationDocument.check(text).get()
        #expect(!checked.configuration.loadBalancers.isEmpty)
        #expect(
            try ConfigurationDocument(parsing: ConfigurationDocument(checked.configuration).yaml).configuration
                == checked.configuration)
    }
}
