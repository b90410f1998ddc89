using Naf.Gpu.Cpu;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Random;

namespace Naf.Tests;

/// <summary>A network whose second hidden layer has a further input u, against its formula in double.</summary>
internal sealed unsafe class LateInputTests
{
    private const double Step = 1e-6;

    [TestCase(1, "1,1", 1, 1)]
    [TestCase(3, "5,17", 3, 7)]
    [TestCase(2, "31,16,5", 31, 4)]
    [TestCase(17, "16,20", 1, 31)]
    public void Output_and_gradients_are_those_of_the_formula(int input, string hidden, int late, int batch)
    {
        var shape = new MlpShape(input, [.. hidden.Split(',').Select(int.Parse)], 2, late: late);
        using HostBuffer parameters = new(shape.Parameters), gradient = new(shape.Parameters);
        shape.Initialise(3, 0, 1, parameters.Span, []);
        double[] theta = [.. parameters.Span.ToArray().Select(p => (double)p)];
        double[] x = Draw(batch * input, 1), u = Draw(batch * late, 2), slope = Draw(batch * 2, 3);
        using MlpWorkspace space = new(shape, batch, training: true), again = new(shape, batch, training: true, space);
        int xRow = MlpShape.Pad(input);
        using var inputs = new HostBuffer(batch * xRow);
        for (int e = 0; e < x.Length; e++) inputs.Pointer[e / input * xRow + e % input] = (float)x[e];
        for (int e = 0; e < u.Length; e++) (space.Late[e], again.Late[e]) = (0, (float)u[e]);

        // a pass for another u, whose first layer the pass under test takes
        Mlp.TransposeWeights(space, parameters.Pointer, 0, 1);
        Mlp.Forward(space, parameters.Pointer, null, inputs.Pointer, xRow, 0, batch);
        Mlp.Forward(again, parameters.Pointer, null, inputs.Pointer, xRow, 0, batch, lower: space);
        for (int e = 0; e < 2 * batch; e++)
        {
            Assert.That(again.Output[e / 2 * again.OutputRow + e % 2],
                Is.EqualTo(Outputs(theta, u, e / 2)[e % 2]).Within(1e-5));
            again.OutputGradient[e / 2 * again.OutputRow + e % 2] = (float)slope[e];
        }
        Mlp.BackwardRows(again, parameters.Pointer, gradient.Pointer, 0, batch);
        Mlp.BackwardLate(again, parameters.Pointer, 0, batch);
        Mlp.BackwardWeights(again, inputs.Pointer, xRow, gradient.Pointer, 0, 1);
        for (int i = 0; i < theta.Length; i++)
            Assert.That(
                gradient.Pointer[i], Is.EqualTo(IsUsed(i) ? Slope(theta, i) : 0).Within(1e-4), $"parameter {i}");
        for (int e = 0; e < u.Length; e++)
            Assert.That(again.LateGradient(e / late, e % late), Is.EqualTo(Slope(u, e)).Within(1e-4), $"u {e}");

        // of loss = Σ slope · output
        double Slope(double[] of, int i)
        {
            double before = of[i];
            of[i] = before + Step;
            double above = Loss();
            of[i] = before - Step;
            double below = Loss();
            of[i] = before;
            return (above - below) / (2 * Step);
        }

        double Loss() => Enumerable.Range(0, batch)
            .Sum(m => Outputs(theta, u, m).Select((o, k) => o * slope[2 * m + k]).Sum());

        double[] Outputs(double[] parameters, double[] lateInput, int m)
        {
            double[] h = x[(m * input)..((m + 1) * input)];
            for (int l = 0; l <= shape.Layers; l++)
            {
                if (l == 1) h = [.. h, .. lateInput[(m * late)..((m + 1) * late)]];
                double[] below = h;
                int units = l < shape.Layers ? shape.Hidden[l] : 2;
                h = [.. Enumerable.Range(0, units).Select(j => parameters[shape.Biases(l) + j]
                    + below.Select((v, i) => v * parameters[shape.Weight(l, i, j)]).Sum())];
                if (l < shape.Layers) h = [.. h.Select(z => Math.Max(z, 0))];
            }
            return h;
        }

        bool IsUsed(int place) => Enumerable.Range(0, shape.Layers + 1).Any(l =>
            Enumerable.Range(0, l < shape.Layers ? shape.Hidden[l] : 2).Any(j => shape.Biases(l) + j == place
                || Enumerable.Range(0, shape.Inputs(l)).Any(i => shape.Weight(l, i, j) == place)));

        static double[] Draw(int count, uint lane) => [.. Enumerable.Range(0, count)
            .Select(i => Philox.Normal(7, RandomStream.Reset, (ulong)i, lane))];
    }

    [Test]
    public void It_needs_a_second_hidden_layer() => Assert.That(
        () => new MlpShape(3, [20], 1, late: 2), Throws.ArgumentException.With.Message.Contains("at least two"));
}
