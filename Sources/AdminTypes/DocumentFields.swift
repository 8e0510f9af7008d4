/// The fields of each kind of mapping in a document, in the order in which they are written.
enum DocumentFields {
    static let document = ["apiVersion", "region", "loadBalancers", "availabilityGroups", "instances"]
    static let loadBalancer = [
        "name", "description", "vip", "vpc", "subnet", "deletionProtection", "listeners", "services", "groups",
    ]
    static let listener = ["name", "description", "enabled", "protocol", "port", "service"]
    static let service = [
        "name", "description", "protocol", "port", "algorithm", "forwardingMode", "drainSeconds", "slowStartSeconds",
        "allUnhealthyPolicy", "healthCheck", "group", "availabilityGroup",
    ]
    static let healthCheck = [
        "enabled", "protocol", "port", "timeoutSeconds", "intervalSeconds", "unhealthyThreshold", "healthyThreshold",
    ]
    static let group = ["name", "description", "type", "targets"]
    static let target = ["address", "instance", "type", "port", "weight", "adminState", "drainUntil"]
    static let availabilityGroup = ["name", "description", "vpc", "instances"]
    static let instance = ["id", "description", "address", "vpc", "state"]
}
