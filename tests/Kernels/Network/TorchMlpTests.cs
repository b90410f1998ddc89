using Naf.Checks.Oracles;
using Naf.Kernels.Network;
using Naf.Kernels.Random;
using Naf.Torch;
using NUnit.Framework;
using TorchSharp;

namespace Naf.Tests;

/// <summary>The reference's forward and backward pass against PyTorch in double.</summary>
public sealed class TorchMlpTests
{
    [OneTimeSetUp]
    public void Load() => TorchNatives.Load();

    [TestCase(1, new[] { 1 }, 1, 1, false)]
    [TestCase(31, new[] { 17, 33 }, 5, 31, false)]
    [TestCase(443, new[] { 31 }, 21, 3, false)]
    [TestCase(31, new[] { 17, 33 }, 5, 31, true)]
    [TestCase(3, new[] { 20, 31, 5 }, 1, 443, true)]
    public void Outputs_and_gradients_are_those_of_autograd(int input, int[] hidden, int output, int size, bool batchNorm)
    {
        using var scope = torch.NewDisposeScope();
        var shape = new MlpShape(input, [.. hidden], output, batchNorm);
        double[] theta = Drawn(shape.Parameters, 0), statistics = [.. Drawn(shape.Statistics, 1).Select(s => 1 + s * s)];
        double[][] x = Rows(input, 2), slope = Rows(output, 3);
        torch.Tensor flat = torch.tensor(theta, requires_grad: true), inputs = Tensor(x);
        var mlp = new TorchMlp(shape);
        var reference = new MlpOracle(shape);

        // by running statistics first: the backward pass belongs to the last forward one
        if (batchNorm)
            Equal(reference.Forward(theta, statistics, x), mlp.Forward(flat, inputs, torch.tensor(statistics)), 1);
        torch.Tensor expected = mlp.Forward(flat, inputs);
        Equal(reference.Forward(theta, null, x), expected, 1);
        (expected * Tensor(slope)).sum().backward();
        var gradient = new double[shape.Parameters];
        reference.Backward(theta, x, slope, gradient);
        Equal([gradient], flat.grad!, flat.grad!.abs().max().item<double>());

        double[][] Rows(int width, uint lane) => [.. Drawn(size * width, lane).Chunk(width)];
        static torch.Tensor Tensor(double[][] rows) => torch.tensor(rows.SelectMany(r => r).ToArray()).view(rows.Length, -1);
    }

    private static void Equal(double[][] actual, torch.Tensor expected, double size)
    {
        double[] numbers = expected.detach().data<double>().ToArray();
        Assert.That(numbers, Has.All.Matches<double>(double.IsFinite));
        Assert.That(actual.SelectMany(row => row), Is.EqualTo(numbers).Within(Tolerances.Autograd * Math.Max(1, size)));
    }

    private static double[] Drawn(int count, uint lane) =>
        [.. Enumerable.Range(0, count).Select(i => 0.5 * Philox.Normal(9, RandomStream.Weights, (ulong)i, lane))];
}
