using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Kernels.Network;
using Naf.Kernels.Regression;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The body of the regression in double against finite differences.</summary>
public sealed class RegressionOracleTests
{
    [Test]
    public void The_gradient_is_the_difference_of_the_loss()
    {
        const double h = 1e-6;
        var shape = new MlpShape(3, [5, 4], 2);
        using var learner = new RegressionLearner(shape, seed: 3);
        double[] parameters = [.. learner.Parameters.Span.ToArray().Select(p => (double)p)];
        var reference = new RegressionOracle(shape, new RegressionSettings(), parameters);
        (double[][] z, double[][] y) = RegressionCheck.Minibatch(RegressionCheck.Draw(20, 5, 1), 3, 2, batch: 7, seed: 3, update: 0);
        double[] gradient = reference.Gradient(z, y);
        for (int i = 0; i < parameters.Length; i++)
        {
            double before = parameters[i];
            parameters[i] = before + h;
            double above = reference.Loss(z, y);
            parameters[i] = before - h;
            double below = reference.Loss(z, y);
            parameters[i] = before;
            Assert.That(gradient[i], Is.EqualTo((above - below) / (2 * h)).Within(Tolerances.FiniteDifference), $"parameter {i}");
        }
        Assert.That(gradient.Count(g => g != 0), Is.GreaterThan(25));
    }

    [Test]
    public void The_loss_is_the_mean_over_samples_and_outputs()
    {
        // without weights g = 0
        var shape = new MlpShape(1, [1], 2);
        var reference = new RegressionOracle(shape, new RegressionSettings(), new double[shape.Parameters]);
        Assert.That(reference.Loss([[5], [6]], [[1, 2], [3, 4]]), Is.EqualTo((1 + 4 + 9 + 16) / 4.0));
    }
}
