import AdminTypes
import NetworkTypes
import ServiceModel
import Testing

@Suite("Applying a document to what is there")
struct ApplyTests {
    private func current() throws -> Configuration { try ConfigurationDocument(parsing: validDocument).configuration }

    private func applied(_ text: String, prune: Bool = false) throws -> [String] {
        lines(ConfigurationDocument.check("apiVersion: shoal/v1\n" + text, appliedTo: try current(), prune: prune))
    }

    @Test("an exported configuration can be applied, which changes nothing", arguments: [false, true])
    func exported(prune: Bool) throws {
        let current = try current()
        let text = ConfigurationDocument(current).yaml
        let result = try ConfigurationDocument.check(text, appliedTo: current, prune: prune).get().configuration
        #expect(result == current)
        #expect(current.changes(to: result).isEmpty)
    }

    @Test("a document may refer to what is there already")
    func partial() throws {
        let text = """
            apiVersion: shoal/v1
            loadBalancers:
              - name: web
                vip: 203.0.113.10
                services: [{ name: spare, port: 9090, group: servers }]
            """
        let current = try current()
        let result = try ConfigurationDocument.check(text, appliedTo: current, prune: false).get().configuration
        #expect(current.changes(to: result) == [Change(.created, .service, "web/spare")])
        #expect(
            lines(ConfigurationDocument.check(text, appliedTo: current, prune: true)) == [
                "loadBalancers[0].services[0].group: there is no group named \"servers\""
            ])
    }

    @Test("paths are those of the document, whatever stands before it in the whole")
    func paths() throws {
        let text = """
            loadBalancers:
              - { name: mail, vip: 203.0.113.10 }
              - name: web
                vip: 203.0.113.10
                listeners:
                  - { name: alt, port: 80, service: spare }
                services:
                  - { name: spare, port: 0 }
                  - { name: spar, port: [] }
            instances:
              - { id: i-4, address: 127.0.0.4 }
            """
        #expect(
            try applied(text) == [
                "loadBalancers[0].vip: the VIP 203.0.113.10 is already taken by loadBalancers[1]",
                "loadBalancers[1].listeners[0].port: port 80/tcp is already taken by loadBalancers[1].listeners[\"http\"]",
                "loadBalancers[1].services[0].port: 0 is outside 1...65535",
                "loadBalancers[1].services[1].port: a list is not a whole number in 1...65535",
                "instances[0].address: 127.0.0.4 is not usable as a server's address: it is a loopback address",
            ])
    }

    @Test("what the document breaks elsewhere is told last and by name")
    func elsewhere() throws {
        let found = try applied(
            """
            loadBalancers:
              - { name: mail, vip: 10.1.0.11 }
            instances:
              - { id: i-1, address: 10.1.0.21, vpc: blue, state: 5 }
            """)
        #expect(
            found == [
                "instances[0].state: 5 is not one of running, stopped",
                "loadBalancers[\"web\"].groups[\"servers\"].targets[0].address: "
                    + "10.1.0.11 is the VIP of load balancer \"mail\"; a server needs an address of its own",
                "loadBalancers[\"web\"].groups[\"servers\"].targets[1].instance: "
                    + "instance \"i-1\" is in VPC \"blue\", not in \"default\"",
                "availabilityGroups[\"pool-a\"].instances[0]: instance \"i-1\" is in VPC \"blue\", not in \"default\"",
            ])
    }

    @Test("what never changes is told with the document's path", arguments: [false, true])
    func immutable(prune: Bool) throws {
        let found = try applied(
            """
            loadBalancers:
              - name: web
                vip: 203.0.113.10
                listeners: [{ name: http, port: 81, service: web-http }]
                services: [{ name: web-http, port: x }]
            """, prune: prune)
        #expect(
            found.map { $0.prefix { $0 != ";" } } == [
                "loadBalancers[0].listeners[0].port: the port of listener \"http\" is 80 and never changes",
                "loadBalancers[0].services[0].port: x is not a whole number in 1...65535",
            ])
    }

    @Test("a document without a region is for the region that is there; one for another region is refused")
    func region() throws {
        var current = try current()
        current.region = "north"
        let anywhere = try ConfigurationDocument.check("apiVersion: shoal/v1", appliedTo: current, prune: false).get()
        #expect(anywhere.configuration == current)
        let elsewhere = ConfigurationDocument.check(
            "apiVersion: shoal/v1\nregion: south", appliedTo: current, prune: false)
        #expect(
            lines(elsewhere) == [
                "region: the region is \"north\" and never changes; what is there must be deleted first"
            ])
    }

    @Test("what is no YAML is told once")
    func noYAML() throws {
        #expect(try applied("loadBalancers: [").count == 1)
    }

    @Test("a document that prunes what something goes on using, or what is protected, is refused")
    func deletions() throws {
        var current = try current()
        current.loadBalancers[0].isDeletionProtected = true
        let nothing = ConfigurationDocument.check("apiVersion: shoal/v1", appliedTo: current, prune: true)
        #expect(
            lines(nothing) == [
                "loadBalancers[\"web\"]: load balancer \"web\" is protected from deletion; switch the protection off first"
            ])
        current.loadBalancers[0].isDeletionProtected = false
        let text = document(
            "instances:\n  - { id: i-1, address: 10.1.0.21, vpc: default, state: running }\n", "instances:\n")
        guard case .failure(let problems) = ConfigurationDocument.check(text, appliedTo: current, prune: true) else {
            Issue.record("not refused")
            return
        }
        #expect(problems.status == 409)
        #expect(
            problems.list.map { $0.description } == [
                "loadBalancers[0].groups[0].targets[1].instance: instance \"i-1\" is used by group \"servers\" and cannot be deleted",
                "availabilityGroups[0].instances[0]: instance \"i-1\" is used by availability group \"pool-a\" and cannot be deleted",
            ])
    }
}
