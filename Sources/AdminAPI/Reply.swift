internal import AdminTypes
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension HTTPField.Name {
    static let requestID = HTTPField.Name("x-jdcloud-request-id")!
}

/// What an endpoint answers.
struct Reply: Sendable {
    private let make: @Sendable (_ requestID: String) throws -> Response

    init(_ make: @escaping @Sendable (_ requestID: String) throws -> Response) { self.make = make }

    /// - Throws: When a value has no JSON, which is a fault of ours.
    func response(to requestID: String) throws -> Response { try make(requestID) }

    /// A result in the envelope that public clients read: they drop what has no request id, even for a deletion.
    ///
    /// - Parameter version: Of the resource that is answered.
    static func result(_ result: some Encodable & Sendable, version: UInt64? = nil) -> Reply {
        Reply { requestID in
            var response = json(try jsonText(Envelope(requestId: requestID, result: result)), status: .ok)
            if let version { response.headers[.eTag] = EntityTag.text(version) }
            return response
        }
    }

    static func response(_ response: Response) -> Reply { Reply { _ in response } }

    static func text(_ text: String, type: String, status: HTTPResponse.Status = .ok) -> Reply {
        response(
            Response(
                status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        )
    }
}

private struct Envelope<Result: Encodable>: Encodable {
    let requestId: String
    let result: Result
}

func json(_ text: ByteBuffer, status: HTTPResponse.Status) -> Response {
    Response(status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: text))
}

func jsonText(_ value: some Encodable) throws -> ByteBuffer {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return ByteBuffer(bytes: try encoder.encode(value))
}

/// The version of a resource as RFC 9110 (sections 8.8.3 and 13.1.1) writes it: `"7"`.
enum EntityTag {
    static func text(_ version: UInt64) -> String { "\"\(version)\"" }

    /// What `If-Match` may be: `*`, or a list of versions. Empty elements of a list count for nothing (RFC 9110, 5.6.1).
    static let pattern = #"^(\*|[\t ,]*"[0-9]{1,19}"([\t ]*,[\t ,]*"[0-9]{1,19}")*[\t ,]*)$"#

    /// The versions that a request is for, or `nil` when it is for any.
    ///
    /// - Throws: For what is no list of tags of ours.
    static func versions(ifMatch header: String) throws(ErrorAnswer) -> Set<UInt64>? {
        if header == "*" { return nil }
        let tags = header.split(separator: ",").map { $0.trimming { $0 == " " || $0 == "\t" } }.filter { !$0.isEmpty }
        let versions = tags.map(version)
        guard !versions.isEmpty, !versions.contains(nil) else {
            throw .invalid("If-Match", "must be the ETag of an answer, as in \"7\"")
        }
        return Set(versions.compactMap(\.self))
    }

    private static func version(of tag: Substring) -> UInt64? {
        let digits = tag.dropFirst().dropLast()
        guard tag.first == "\"", tag.last == "\"", (1...19).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return UInt64(digits)
    }
}

extension Substring {
    fileprivate func trimming(_ isSpace: (Character) -> Bool) -> Substring {
        let start = drop(while: isSpace)
        return start.lastIndex { !isSpace($0) }.map { start[...$0] } ?? ""
    }
}

/// An object with one list in it, under the name that clients of that list expect, and the number of all that there are.
struct ListAnswer<Element: Encodable & Sendable>: Encodable, Sendable {
    let name: String
    let elements: [Element]
    let totalCount: Int

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NamedKey.self)
        try container.encode(elements, forKey: NamedKey(name))
        try container.encode(totalCount, forKey: NamedKey("totalCount"))
    }
}

/// An object with one field.
struct FieldAnswer<Value: Encodable & Sendable>: Encodable, Sendable {
    let name: String
    let value: Value

    init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NamedKey.self)
        try container.encode(value, forKey: NamedKey(name))
    }
}

struct NamedKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}
