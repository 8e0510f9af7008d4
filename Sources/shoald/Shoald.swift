internal import ArgumentParser
internal import Dataplane
internal import Foundation
internal import Logging
internal import NetworkTypes
internal import ServiceModel

/// The version of daemon and CLI.
let shoalVersion = "0.1.0"

/// The daemon: reads what it runs with, then runs.
@main
struct Shoald: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shoald",
        abstract: "Steers a host's load-balanced packets: decides what the XDP program's maps hold.",
        discussion: """
            Needs root, or CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON and CAP_NET_RAW with a BPF file system that it may write.
            Stops on SIGTERM; forwarding goes on. "shoal detach" ends that, too.

            Every flag is also a key of the configuration file; flags win.
            """,
        version: shoalVersion)

    @Option(help: "The configuration file. (default: \(ConfigurationFile.standardPath), if there is one)")
    var config: String?

    @Option(name: .customLong("interface"), help: "Interface to attach to; repeat it for several.")
    var interfaces: [String] = []

    @Option(help: "How to attach: native where the driver can and else generic, or only one of them. (default: auto)")
    var xdpMode: XDPMode?

    @Option(help: "Where resources and health survive a restart. (default: /var/lib/shoal)")
    var stateDirectory: String?

    @Option(help: "Where api.sock is. (default: /run/shoal)")
    var runtimeDirectory: String?

    @Option(help: "Where program and maps are pinned. (default: \(PinDirectory.standard.path))")
    var bpffsDirectory: String?

    @Option(
        help: "Hold the VIPs and answer for them (address), or leave that to someone else (none). (default: address)")
    var announce: AnnounceMode?

    @Flag(
        inversion: .prefixedNo,
        help: "Switch IP forwarding and accept_local on for the attached interfaces. (default: yes)")
    var manageSysctls: Bool?

    @Option(
        name: .customLong("health-check-source-address"),
        help: "Where probes come from, one for each family; the host must have it. (default: the kernel chooses)")
    var healthCheckSourceAddresses: [String] = []

    @Option(help: .init("Follow slots and no pins (off), for tests of what breaks then.", visibility: .hidden))
    var pins: Switch = .on

    @Option(name: .customLong("vip-cidr"), help: "Block that VIPs must come from; repeat it for several.")
    var vipCidrs: [String] = []

    @Option(name: .customLong("target-cidr"), help: "Block that targets must come from; repeat it for several.")
    var targetCidrs: [String] = []

    @Option(help: "The region that the API serves. (default: \(Configuration.defaultRegion))")
    var region: String?

    @Option(
        name: .customLong("subnet"),
        help: ArgumentHelp(
            "Block of a VPC that VIPs come from; repeat it for several. (default: any name, in VPC default)",
            valueName: "name=NAME,vpc=VPC,prefix=CIDR"))
    var subnets: [String] = []

    @Option(
        help: ArgumentHelp(
            "Serve the API at this TCP address, too; repeat it for several. (default: the unix socket only)",
            valueName: "address:port"))
    var listen: [String] = []

    @Option(help: "File with the certificate for TCP, in PEM, followed by those of its issuers. (default: plain HTTP)")
    var tlsCertificate: String?

    @Option(help: "File with the key of the certificate, in PEM.")
    var tlsKey: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Speak plain HTTP at addresses that others can reach. (default: no)")
    var allowPlainHttp: Bool?

    @Option(help: "trace, debug, info, notice, warning, error or critical. (default: info)")
    var logLevel: String?

    func run() async throws {
        do {
            let options = try resolved()
            guard let level = Logger.Level(rawValue: options.logLevel) else {
                throw OptionsError("--log-level: \(options.logLevel) is no level")
            }
            LoggingSystem.bootstrap { label in
                var handler = StreamLogHandler.standardError(label: label)
                handler.logLevel = level
                return handler
            }
            try await Daemon(options: options).run()
        } catch let error as OptionsError {
            throw exit(with: error, code: 2)
        } catch let error as StartError {
            throw exit(with: error, code: error.isPermission ? 4 : 1)
        } catch {
            throw exit(with: error, code: 1)
        }
    }

    private func exit(with error: any Error, code: Int32) -> ExitCode {
        FileHandle.standardError.write(Data("shoald: \(error)\n".utf8))
        return ExitCode(code)
    }

    private func resolved() throws -> DaemonOptions {
        let file = try ConfigurationFile.read(config)
        let names = interfaces.isEmpty ? file.interfaces ?? [] : interfaces
        guard !names.isEmpty else {
            throw OptionsError(
                "no interface to attach to: say --interface NAME, or interfaces: [NAME] in \(config ?? ConfigurationFile.standardPath)"
            )
        }
        let tls = try DaemonOptions.tls(
            certificate: tlsCertificate ?? file.tlsCertificate, key: tlsKey ?? file.tlsKey)
        let subnetEntries = subnets.isEmpty ? file.subnets ?? [] : try subnets.map(DaemonOptions.subnetEntry(flag:))
        return DaemonOptions(
            interfaces: names,
            xdpMode: try xdpMode ?? parse(file.xdpMode, "xdpMode", XDPMode.init(rawValue:)) ?? .auto,
            stateDirectory: stateDirectory ?? file.stateDirectory ?? "/var/lib/shoal",
            runtimeDirectory: runtimeDirectory ?? file.runtimeDirectory ?? "/run/shoal",
            bpffsDirectory: bpffsDirectory ?? file.bpffsDirectory ?? PinDirectory.standard.path,
            announce: try announce ?? parse(file.announce, "announce", AnnounceMode.init(rawValue:)) ?? .address,
            manageSysctls: manageSysctls ?? file.manageSysctls ?? true, keepsFlows: pins == .on,
            healthCheckSourceAddresses: try parse(
                healthCheckSourceAddresses, file.healthCheckSourceAddresses, "healthCheckSourceAddresses",
                IPAddress.init),
            vipCidrs: try parse(vipCidrs, file.vipCidrs, "vipCidrs", Prefix.init),
            targetCidrs: try parse(targetCidrs, file.targetCidrs, "targetCidrs", Prefix.init),
            logLevel: logLevel ?? file.logLevel ?? "info",
            region: try DaemonOptions.region(region ?? file.region ?? Configuration.defaultRegion),
            subnets: try DaemonOptions.subnets(subnetEntries),
            listen: try DaemonOptions.listen(
                listen.isEmpty ? file.listen?.list ?? [] : listen, isEncrypted: tls != nil,
                allowsPlainHTTP: allowPlainHttp ?? file.allowPlainHttp ?? false),
            tls: tls)
    }

    private func parse<Value>(_ text: String?, _ key: String, _ read: (String) -> Value?) throws -> Value? {
        guard let text else { return nil }
        guard let value = read(text) else { throw OptionsError("\(key): \(text) is not allowed; see shoald --help") }
        return value
    }

    private func parse<Value>(
        _ flags: [String], _ keys: [String]?, _ key: String, _ read: (String) -> Value?
    ) throws -> [Value] {
        try (flags.isEmpty ? keys ?? [] : flags).map { text in
            guard let value = read(text) else { throw OptionsError("\(key): \(text) is not understood") }
            return value
        }
    }
}
