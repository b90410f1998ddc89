using Naf.Host.Evaluation;
using Naf.Host.Policies;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>On the built-in tasks the random policy's scores match those measured on models from their cards.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class RandomScoreTests
{
    [TestCase("cartpole", -2.08, .099, 500)]
    [TestCase("reacher", -2.36, .96, 500)]
    [TestCase("reacher-single", -2.28, .69, 500)]
    [TestCase("peg", -11.8, 4.2, 500)]
    [TestCase("gripper", -29.0, 2.8, 200)]
    [TestCase("gripper-single", -28.7, 1.3, 200)]
    [TestCase("gripper-moving", -87.8, 6.9, 200)]
    [TestCase("canada2d", -12.0, 2.4, 500)]
    [TestCase("cheetah", -.431, .58, 500)]
    [TestCase("swimmer6", -334, 25, 500, 60)]
    [TestCase("ant", -4.71, .28, 500, 60)]
    [TestCase("walker2d", .26, .14, 500)]
    public void Random_policy_scores_as_measured(
        string name, double mean, double deviation, int measured, int count = 200)
    {
        using ControlTask task = ControlTask.Load(name);
        EvaluationResult r = PolicyEvaluation.Of(
            PolicyEvaluation.RandomPolicy(1000), task, seed: 1000, count, threads: 1);
        TestContext.Out.WriteLine($"{name}: random policy {r.Mean:0.000} ({r.StandardDeviation:0.000}) over {count} "
            + $"episodes, measured {mean}");

        // the measured means have three digits
        double error = deviation * Math.Sqrt(1.0 / count + 1.0 / measured), digits = 0.005 * Math.Abs(mean);
        Assert.That(r.Mean, Is.EqualTo(mean).Within(3 * error + digits));
        Assert.That(r.StandardDeviation, Is.EqualTo(deviation).Within(0.25 * deviation),
            "relative standard error 1/√(2n), of heavy tails more");
    }
}
