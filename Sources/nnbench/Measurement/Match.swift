/// Times contenders in turns (A B C A B C ...), so that a machine that gets slower or faster does so for all of them.
struct Match {
    /// Of measuring per contender; long runs get a few turns of one run each instead.
    var secondsEach = 0.3
    var turnSeconds = 0.03
    var fewestTurns = 3
    /// How many times as long it may take where a contender is disturbed.
    var patience = 2

    /// For a first look: a turn of each.
    static let quick = Match(secondsEach: 0.02, turnSeconds: 0.02, fewestTurns: 1, patience: 1)

    func play(_ contenders: [any Contender]) throws -> [Samples] {
        var samples = contenders.map { Samples(knownTime: $0.knownTime) }
        let start = now()
        var turns = 0
        repeat {
            for (index, contender) in contenders.enumerated() {
                contender.takeCores()
                samples[index].add(turn: try contender.turn(seconds: turnSeconds))
                contender.leaveCores()
            }
            turns += 1
        } while goesOn(after: turns, seconds: now() - start, samples)
        return samples
    }

    /// Whether there is another turn of each: some in any case, more until the time is up, and all that again as long as
    /// one of them is disturbed.
    func goesOn(after turns: Int, seconds: Double, _ samples: [Samples]) -> Bool {
        let length = samples.contains(where: \.isDisturbed) ? patience : 1
        if turns < length * fewestTurns { return true }
        return turns < length * mostTurns && seconds < Double(length) * budget(samples.count)
    }

    private var mostTurns: Int { Int((secondsEach / turnSeconds).rounded(.up)) }
    /// With the pauses between turns.
    private func budget(_ contenders: Int) -> Double { 3 * secondsEach * Double(contenders) }
}
