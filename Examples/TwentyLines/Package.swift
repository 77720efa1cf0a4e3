// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "TwentyLines",
    dependencies: [
        // In a package of your own: .package(url: "https://github.com/OWNER/SwiftNN", from: "0.1.0")
        .package(name: "SwiftNN", path: "../..")
    ],
    targets: [
        .executableTarget(name: "TwentyLines", dependencies: ["SwiftNN"])
    ]
)
