internal import AdminTypes
internal import Authentication
internal import Hummingbird

extension Endpoint {
    /// What the API tells about itself.
    static let description: [Endpoint] = [
        Endpoint(.readAPIDescription, .get, "/openapi.json", AdminAPI.readAPIDescription)
    ]
}

extension AdminAPI {
    func readAPIDescription(_ call: Call) async throws -> Reply {
        .text(description, type: "application/json")
    }
}
