internal import AdminTypes
internal import ArgumentParser
internal import Dataplane
internal import Foundation
internal import HostNetwork
internal import NetworkTypes
internal import TableCompiler

/// `shoal detach`: the only command that stops forwarding.
struct DetachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detach", abstract: "Stop forwarding: remove the program, its maps and the VIPs.",
        discussion: """
            Works with and without the daemon; a running one stays idle until it is started again.
            Resources stay in the daemon's state directory.
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var pins: PinOptions

    @Flag(help: "Do not ask.")
    var yes = false

    func run() async throws {
        let interfaces = pins.pins.attachedInterfaces
        guard pins.pins.isPopulated || !interfaces.isEmpty else {
            print("nothing is attached in \(pins.pins.path)")
            return
        }
        if !yes {
            try confirm(
                "Stop forwarding on \(interfaces.joined(separator: ", "))?",
                otherwise: "detach stops forwarding; say --yes when nobody is there to be asked")
        }
        do {
            _ = try await connection.client.post("/v1/detach", as: StatusAnswer.self)
        } catch let failure as Failure where failure.code == .daemonUnreachable {
            let vips = (try? DataplaneMaps(pinnedIn: pins.pins).tables().listeners.keys.map(\.address)) ?? []
            do { try Dataplane.detach(pins.pins) } catch { throw Failure(error) }
            release(Set(vips), interfaces: interfaces)
        }
        print("detached from \(interfaces.joined(separator: ", "))")
    }

    /// Takes the VIPs from this host, where the daemon had put them: IPv4 on `lo`, IPv6 on the attached interfaces.
    private func release(_ vips: Set<IPAddress>, interfaces: [String]) {
        let network = HostNetwork()
        for vip in vips {
            for name in vip.family == .ipv4 ? ["lo"] : interfaces {
                do {
                    try network.release(vip, on: try network.interface(named: name).index)
                } catch {
                    FileHandle.standardError.write(Data("warning: \(vip) stays on \(name): \(error)\n".utf8))
                }
            }
        }
    }
}
