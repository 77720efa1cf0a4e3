import SwiftNN

// Is a point of the plane inside the unit circle?
let points = Tensor.uniform([4096, 2], low: -1.5, high: 1.5, seed: 1)
let labels = (0..<4096).map { Int32(points[$0, 0] * points[$0, 0] + points[$0, 1] * points[$0, 1] < 1 ? 1 : 0) }
let (train, test) = TensorDataset(points, labels: labels).split(holdingOut: 1024, seed: 2)

let model = Sequential {
    Linear(2, 32)
    ReLU()
    Linear(32, 32)
    ReLU()
    Linear(32, 2)
}
model.initialize(seed: 3)

let trainer = Trainer(model, loss: CrossEntropyLoss(), optimizer: Optimizer(Adam(lr: 0.01), model.parameters))
try trainer.fit(train, epochs: 20, batchSize: 64)
print("test accuracy \(try trainer.evaluate(test).accuracy)")
