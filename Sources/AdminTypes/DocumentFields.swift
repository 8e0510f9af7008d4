/// The fields of each kind of mapping in a document, in the order in which they are written.
enum DocumentFields {
    static let document = ["apiVersion", "region", "loadBalancers", "availabilityGroups", "instances"]
    static let loadBalancer = ["name", "vip", "vpc", "listeners", "services", "groups"]
    static let listener = ["name", "protocol", "port", "service"]
    static let service = [
        "name", "protocol", "port", "algorithm", "forwardingMode", "drainSeconds", "allUnhealthyPolicy", "healthCheck",
        "group", "availabilityGroup",
    ]
    static let healthCheck = [
        "enabled", "protocol", "port", "timeoutSeconds", "intervalSeconds", "unhealthyThreshold", "healthyThreshold",
    ]
    static let group = ["name", "targets"]
    static let target = ["address", "instance", "port", "weight"]
    static let availabilityGroup = ["name", "vpc", "instances"]
    static let instance = ["id", "address", "vpc", "state"]
}
