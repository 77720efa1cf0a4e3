// swift-tools-version: 6.2
import PackageDescription

/// Kernels are compiled with full optimisation in every configuration: at -O0 the micro-kernels
/// would be hundreds of times slower and debug tests useless.
let kernelFlags = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-Wall", "-Wextra"]

let package = Package(
    name: "SwiftNN",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "SwiftNN", targets: ["SwiftNN"]),
        .executable(name: "nntrain", targets: ["nntrain"]),
        .executable(name: "nnbench", targets: ["nnbench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    ],
    targets: [
        .target(
            name: "CKernels",
            path: ".",
            exclude: [
                "Makefile", "README.md", "Sources/SwiftNN", "Sources/nnbench", "Sources/nntrain", "Sources/CZlib",
                "Tests", "Benchmarks", "Examples", "Documentation",
            ],
            sources: ["Sources/CKernels"],
            publicHeadersPath: "include",
            cSettings: [
                .headerSearchPath("Sources/CKernels"),
                .unsafeFlags(kernelFlags),
                .unsafeFlags(["-fopenmp"], .when(platforms: [.linux])),
            ],
            linkerSettings: [
                .linkedLibrary("omp5", .when(platforms: [.linux])),
                .linkedLibrary("openblas", .when(platforms: [.linux])),
                .linkedLibrary("m", .when(platforms: [.linux])),
                .linkedFramework("Accelerate", .when(platforms: [.macOS])),
            ]
        ),
        .systemLibrary(name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "SwiftNN", dependencies: ["CKernels", "CZlib"]),
        .executableTarget(
            name: "nnbench",
            dependencies: [
                "SwiftNN", "CKernels", "KernelCases", "ReferenceKernels",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .executableTarget(
            name: "nntrain",
            dependencies: [
                "SwiftNN", .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Output/TensorBoard/event.proto"]
        ),
        .executableTarget(
            name: "coursework",
            dependencies: ["SwiftNN", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Examples/Coursework"
        ),
        .target(
            name: "ReferenceKernels",
            path: "Tests/ReferenceKernels",
            swiftSettings: [.unsafeFlags(["-O"])]
        ),
        .target(
            name: "TestSupport",
            dependencies: ["SwiftNN", "CKernels", "ReferenceKernels"],
            path: "Tests/TestSupport",
            resources: [.copy("Fixtures")]
        ),
        .target(
            name: "KernelCases",
            dependencies: ["CKernels"],
            path: "Benchmarks",
            exclude: ["compare_cifar10.py"],
            sources: ["KernelCases"],
            resources: [.copy("shapes"), .copy("pytorch")]
        ),
        .testTarget(name: "KernelTests", dependencies: ["CKernels", "KernelCases", "ReferenceKernels"]),
        .testTarget(name: "CommandTests", dependencies: ["nntrain", "nnbench", "SwiftNN", "TestSupport"]),
        .testTarget(
            name: "CourseworkTests", dependencies: ["coursework", "SwiftNN", "ReferenceKernels", "TestSupport"]),
        .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
        .testTarget(
            name: "SwiftNNTests",
            dependencies: ["SwiftNN", "CKernels", "ReferenceKernels", "TestSupport", "AllocationCounter"],
            resources: [.copy("Fixtures")]
        ),
    ],
    swiftLanguageModes: [.v6]
)
