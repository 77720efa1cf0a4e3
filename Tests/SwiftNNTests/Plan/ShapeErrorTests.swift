import SwiftNN
import Testing

/// What does not fit is named: the layer with its path, what it expects, what it got.
@Suite struct ShapeErrorTests {
    @Test func namesTheLayerItsPathAndBothShapes() {
        let model = Sequential {
            Conv2d(3, 4, kernelSize: 3, padding: 1)
            Residual(shortcut: Conv2d(4, 6, kernelSize: 1)) {
                ReLU()
                Conv2d(4, 6, kernelSize: 3)
            }
        }
        expect(model, [2, 1, 8, 8], "0: Conv2d(3, 4, kernelSize: 3, padding: 1)", "[N, 3, H, W]", got: [2, 1, 8, 8])
        let sum = error(model, [2, 3, 8, 8])
        #expect(sum?.layer.hasPrefix("1: Residual(") == true)
        #expect(sum?.expected.contains("[2, 6, 6, 6]") == true)
        #expect(sum?.got == [2, 6, 8, 8])
        expect(
            Sequential { Residual { Sequential { Linear(3, 4) } } }, [2, 5], "0.main.0.0: Linear(3, 4)", "[..., 3]",
            got: [2, 5])
        expect(
            Residual(shortcut: BatchNorm1d(7)) { Identity() }, [2, 5], "shortcut: BatchNorm1d(7)",
            "[N, 7] or [N, 7, L]", got: [2, 5])
        #expect(
            error(Linear(3, 4), [2, 5])?.description == "Linear(3, 4): expected [..., 3], got [2, 5]")
    }

    @Test func everyLayerChecksItsInput() {
        expect(Conv1d(2, 2, kernelSize: 4), [1, 2, 3], got: [1, 2, 3])
        expect(Conv1d(2, 2, kernelSize: 1), [1, 2, 3, 1], got: [1, 2, 3, 1])
        expect(Conv2d(2, 2, kernelSize: 1, stride: 2, padding: .same), [1, 2, 3, 3], got: [1, 2, 3, 3])
        expect(MaxPool2d(3), [1, 2, 2, 2], got: [1, 2, 2, 2])
        expect(MaxPool2d(2, padding: 2), [1, 2, 4, 4], got: [1, 2, 4, 4])
        expect(MaxPool2d(3, padding: .same), [1, 2, 4, 4], got: [1, 2, 4, 4])
        expect(
            MaxPool2d(3, stride: 1, padding: 3, dilation: 2), [1, 2, 4, 4],
            "MaxPool2d(3, stride: 1, padding: 3, dilation: 2)", "padding of at most half the window", got: [1, 2, 4, 4])
        expect(AvgPool1d(2), [1, 2], got: [1, 2])
        expect(GlobalMaxPool2d(), [1, 1, 257, 256], got: [1, 1, 257, 256])
        expect(GlobalAvgPool2d(), [1, 1, 0, 4], got: [1, 1, 0, 4])
        expect(BatchNorm2d(2), [1, 2, 4], got: [1, 2, 4])
        expect(BatchNorm1d(2), [1, 2], mode: .training, got: [1, 2])
        expect(LayerNorm([3, 4]), [2, 4, 3], got: [2, 4, 3])
        expect(PReLU(channels: 3), [2, 4], got: [2, 4])
        expect(Flatten(), [2], got: [2])
        expect(Scale(3), [2, 4], got: [2, 4])
        expect(Identity(), [2, -1], got: [2, -1])
    }

    @Test func lossesCheckOutputAndTargets() throws {
        #expect(throws: ShapeError(layer: "CrossEntropyLoss", expected: "[N, classes]", got: [3])) {
            try Plan(Identity(), inputShape: [3], loss: CrossEntropyLoss())
        }
        let x = Tensor.zeros([2, 3])
        let labels = try Plan(Linear(3, 4), inputShape: [2, 3], loss: CrossEntropyLoss())
        #expect(throws: ShapeError(layer: "Plan labels", expected: "2 labels", got: [3])) {
            try labels.forward(x, labels: [0, 1, 2])
        }
        #expect(throws: LabelError(label: 4, row: 1, classes: 4)) { try labels.forward(x, labels: [0, 4]) }
        #expect(throws: LabelError(label: -1, row: 0, classes: 4)) { try labels.forward(x, labels: [-1, 4]) }
        #expect(throws: ShapeError(layer: "Plan input", expected: "[2, 3]", got: [3, 2])) {
            try labels.forward(.zeros([3, 2]), labels: [0, 1])
        }
        let values = try Plan(Linear(3, 4), inputShape: [2, 3], mode: .training, loss: MSELoss())
        #expect(throws: ShapeError(layer: "Plan targets", expected: "[2, 4]", got: [4, 2])) {
            try values.forward(x, targets: .zeros([4, 2]))
        }
        #expect(throws: ShapeError(layer: "Plan targets", expected: "a batch with targets", got: [])) {
            try values.forward(TensorDataset(x, labels: [0, 1]).batch(0..<2))
        }
        _ = try values.forward(x, targets: .zeros([2, 4]))
        #expect(throws: ShapeError(layer: "Plan.backward", expected: "[2, 4]", got: [2, 3])) {
            try values.backward(.zeros([2, 3]))
        }
    }

    @Test func statesOfOtherModelsAreRefused() throws {
        let model = Sequential { Linear(2, 3) }
        let before = model.state
        #expect(throws: StateError(description: "another model: lacks 0.bias; has unknown 1.weight")) {
            try model.load(["0.weight": .zeros([3, 2]), "1.weight": .zeros([1])])
        }
        let text = "another model: tensor 0.bias: expected shape [3], got [2]"
        #expect(throws: StateError(description: text)) {
            try model.load(["0.weight": .zeros([3, 2]), "0.bias": .zeros([2])])
        }
        #expect(model.state == before)
        try model.load(["0.weight": .zeros([3, 2]), "0.bias": .zeros([3]), "0.num_batches_tracked": .zeros([])])
        #expect(model.state.map(\.tensor) == [.zeros([3, 2]), .zeros([3])])
    }

    private func error(_ model: any Layer, _ shape: [Int], mode: Plan.Mode = .inference) -> ShapeError? {
        #expect(throws: ShapeError.self) { try Plan(model, inputShape: shape, mode: mode) }
    }

    private func expect(
        _ model: any Layer, _ shape: [Int], _ layer: String? = nil, _ expected: String? = nil,
        mode: Plan.Mode = .inference, got: [Int], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = error(model, shape, mode: mode)
        #expect(error?.got == got, "\(model)", sourceLocation: sourceLocation)
        if let layer { #expect(error?.layer == layer, sourceLocation: sourceLocation) }
        if let expected { #expect(error?.expected == expected, sourceLocation: sourceLocation) }
    }
}
