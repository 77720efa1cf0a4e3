/// main(x) + shortcut(x) (He et al. 2016).
public struct Residual: ContainerLayer, StandaloneLayer {
    /// The layers given, as a `Sequential`; what it puts out has the shape of the shortcut.
    public let main: any Layer
    /// nil for x itself.
    public let shortcut: (any Layer)?
    public let runner = LayerRunner()

    /// - Parameter shortcut: for example a 1×1 convolution where the shape changes; nil for x itself.
    public init(shortcut: (any Layer)? = nil, @LayerBuilder _ main: () -> [any Layer]) {
        self.main = Sequential(main())
        self.shortcut = shortcut
    }

    public func build(_ builder: PlanBuilder, _ input: Value) throws -> Value {
        let (forMain, forShortcut) = builder.fork(input)
        let a = try builder.build(main, named: "main", forMain)
        let b = try shortcut.map { try builder.build($0, named: "shortcut", forShortcut) } ?? forShortcut
        return try builder.sum(a, b)
    }

    public var namedParameters: [NamedParameter] {
        main.namedParameters(under: "main") + (shortcut?.namedParameters(under: "shortcut") ?? [])
    }

    public var description: String { "Residual(\(main)\(shortcut.map { ", shortcut: \($0)" } ?? ""))" }
}
