internal import AdminTypes
internal import Authentication
internal import ControlPlane
internal import ServiceModel
internal import Store

/// What a change came to: the id of what is new, and the revision in which it is.
struct ChangeAnswer: Encodable, Sendable {
    /// Name and value of the id's field, for what is new.
    var id: (name: String, value: String)?
    let outcome: ChangeOutcome

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NamedKey.self)
        if let id { try container.encode(id.value, forKey: NamedKey(id.name)) }
        try container.encode(outcome.revision, forKey: NamedKey("revision"))
        try container.encode(outcome.installedRevision, forKey: NamedKey("installedRevision"))
        try container.encodeIfPresent(outcome.failure, forKey: NamedKey("failure"))
    }
}

extension AdminAPI {
    /// Resources as an operation finds them.
    typealias Operate = @Sendable (Configuration, Surroundings) throws(OperationError) -> CheckedConfiguration
    /// The version of the resource that a request is about.
    typealias Version = @Sendable (Configuration) throws(OperationError) -> UInt64

    /// Carries out an operation in the caller's name, if the resource is at a version that the caller has seen.
    func change(_ call: Call, version: Version? = nil, _ operate: Operate) async throws -> ChangeOutcome {
        let versions = try call.versions()
        return try await controller.change(by: call.caller.author) {
            (configuration, surroundings) throws(ChangeError) in
            let changed: CheckedConfiguration
            do throws(OperationError) { changed = try operate(configuration, surroundings) } catch {
                throw .refused(error)
            }
            // Last: a request that would be refused anyway is refused for that (RFC 9110, section 13.2.1).
            try Self.check(version, of: configuration, isOneOf: versions)
            return changed
        }
    }

    private static func check(
        _ version: Version?, of configuration: Configuration, isOneOf versions: Set<UInt64>?
    ) throws(ChangeError) {
        guard let versions, let version else { return }
        let found: UInt64
        do throws(OperationError) { found = try version(configuration) } catch { throw .refused(error) }
        guard versions.contains(found) else { throw .stale(version: found) }
    }

    /// The same for an operation whose result says nothing more.
    func changed(_ call: Call, version: Version? = nil, _ operate: Operate) async throws -> Reply {
        .result(ChangeAnswer(outcome: try await change(call, version: version, operate)))
    }

    /// The same for an operation that makes something new.
    ///
    /// - Parameter field: The name that clients read the new one's id by.
    func created(
        _ call: Call, _ kind: ResourceID.Kind, as field: String,
        _ operate: @Sendable (ResourceID, Configuration, Surroundings) throws(OperationError) -> CheckedConfiguration
    ) async throws -> Reply {
        let id = ResourceID(kind, .random(in: .min ... .max))
        let outcome = try await change(call) { (configuration, surroundings) throws(OperationError) in
            try operate(id, configuration, surroundings)
        }
        return .result(ChangeAnswer(id: (field, id.rawValue), outcome: outcome))
    }

    /// The newest resources.
    func configuration() async throws -> Configuration { try await controller.stored().configuration }
}
