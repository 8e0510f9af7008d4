// What a request says about an access key or a token that is to be made.

public import ServiceModel

/// What a new access key or token is to be.
public struct AccessSpec<Role: Sendable>: Sendable {
    public let role: Role
    /// Whose it is, or what it is for; at most 256 characters.
    public let description: String
}

extension RequestBody {
    /// - Parameter standIn: Any role, for where none could be read.
    /// - Throws: Everything that is wrong with the request.
    public func accessSpec<Role: CaseIterable & RawRepresentable<String> & Sendable>(
        standIn: Role
    ) throws(Problems) -> AccessSpec<Role> {
        let content = read { reader, fields in
            let description = reader.text(fields, "description") ?? ""
            let length = description.unicodeScalars.count
            if length > Limits.descriptionLength {
                let rule = "at most \(Limits.descriptionLength) characters"
                reader.report(
                    .malformed(found: "a text of \(length) characters", expected: rule), at: fields, "description")
            }
            return AccessSpec(
                role: reader.required(fields, "role", standIn) { $0.choice($1, $2) }, description: description)
        }
        guard content.findings.isEmpty else { throw Problems(content.findings) }
        return content.spec
    }
}
