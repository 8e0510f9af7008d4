internal import ArgumentParser
internal import NetworkTypes
internal import ServiceModel

/// What the API has a word for.
protocol APIWord: CaseIterable, Sendable {
    var word: String { get }
}

extension RawRepresentable<String> where Self: APIWord {
    var word: String { rawValue }
}

extension TransportProtocol: APIWord {
    var word: String { apiName }
}

extension BackendService.Algorithm: APIWord {}
extension BackendService.ForwardingMode: APIWord {}
extension BackendService.AllUnhealthyPolicy: APIWord {}
extension HealthCheck.Method: APIWord {}
extension ServerGroup.Kind: APIWord {}
extension Instance.State: APIWord {}

/// The value of an option: one of the API's words, in whatever case.
struct Word<Value: APIWord>: ExpressibleByArgument {
    let value: Value

    init(_ value: Value) { self.value = value }

    init?(argument: String) {
        guard let value = Value.allCases.first(where: { $0.word.lowercased() == argument.lowercased() }) else {
            return nil
        }
        self.value = value
    }

    var text: String { value.word }
    var defaultValueDescription: String { text }
    static var allValueStrings: [String] { Value.allCases.map(\.word) }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}

/// A switch that is said by a word.
enum Switch: String, APIWord {
    case on, off
}

/// What the owner of a key or token may do.
enum Role: String, APIWord {
    case viewer, `operator`, admin
}
