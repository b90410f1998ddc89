using Naf.Host.Planning.Mpc;
using Naf.Kernels.Random;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Quadratic minima in a box against every way in which the box may hold some entries.</summary>
public sealed class BoxQuadraticTests
{
    [Test]
    public void The_minimum_is_the_best_of_all_active_sets([Values(1, 2, 3, 4)] int size, [Range(0, 9)] int draw)
    {
        double[] root = Draws(draw, 0, size * size), slope = Draws(draw, 1, size), hessian = new double[size * size];
        for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++)
                for (int k = 0; k < size; k++) hessian[i * size + j] += root[i * size + k] * root[j * size + k] + (i == j && k == 0 ? 0.1 : 0);
        double[] low = [.. Draws(draw, 2, size).Select(d => -0.1 - 0.3 * Math.Abs(d))];
        double[] high = [.. Draws(draw, 3, size).Select(d => 0.3 * Math.Abs(d))];

        double[] expected = Enumerate(hessian, slope, low, high), x = Draws(draw, 4, size);
        var box = new BoxQuadratic(size);
        Assert.That(box.Solve(hessian, slope, low, high, x));
        Assert.That(x, Is.EqualTo(expected).Within(1e-9));
        for (int i = 0; i < size; i++)
            if (x[i] > low[i] && x[i] < high[i]) Assert.That(box.Free[i], "an entry amid its bounds is free");

        // H⁻¹ b of the free entries
        double[] b = Draws(draw, 5, size), solution = [.. b];
        box.SolveFree(solution);
        for (int i = 0; i < size; i++)
        {
            double product = Enumerable.Range(0, size).Sum(j => hessian[i * size + j] * solution[j]);
            Assert.That(box.Free[i] ? product - b[i] : solution[i], Is.Zero.Within(1e-9));
        }
    }

    [Test]
    public void A_direction_without_curvature_is_refused()
    {
        var box = new BoxQuadratic(2);
        Assert.That(box.Solve([1, 0, 0, -1], [0.1, 0], [-1, -1], [1, 1], new double[2]), Is.False);
        Assert.That(box.Solve([1, 0, 0, double.NaN], [0.1, 0], [-1, -1], [1, 1], new double[2]), Is.False);
        Assert.That(box.Solve([1, 0, 0, 1], [double.NaN, 0], [-1, -1], [1, 1], new double[2]), Is.False);
    }

    [Test]
    public void An_entry_that_the_box_holds_needs_no_curvature()
    {
        var box = new BoxQuadratic(2);
        double[] x = new double[2];
        Assert.That(box.Solve([1, 0, 0, 0.5], [-0.5, -10], [-1, -1], [1, 1], x));
        Assert.That((x[0], x[1], box.Free[0], box.Free[1]), Is.EqualTo((0.5, 1.0, true, false)));
    }

    private static double[] Enumerate(double[] hessian, double[] slope, double[] low, double[] high)
    {
        int size = slope.Length;
        double[] best = [];
        double least = double.PositiveInfinity;
        for (int set = 0; set < (int)Math.Pow(3, size); set++)
        {
            // 0: free, 1: at its low bound, 2: at its high bound
            int[] held = [.. Enumerable.Range(0, size).Select(i => set / (int)Math.Pow(3, i) % 3)];
            double[] x = [.. held.Select((h, i) => h == 1 ? low[i] : h == 2 ? high[i] : 0)];

            // Gauss-Seidel on the free entries
            for (int sweep = 0; sweep < 4000; sweep++)
                for (int i = 0; i < size; i++)
                    if (held[i] == 0)
                        x[i] -= (slope[i] + Enumerable.Range(0, size).Sum(j => hessian[i * size + j] * x[j])) / hessian[i * size + i];
            if (x.Where((v, i) => v < low[i] || v > high[i]).Any()) continue;
            double value = x.Select((v, i) => v * (slope[i] + 0.5 * Enumerable.Range(0, size).Sum(j => hessian[i * size + j] * x[j]))).Sum();
            if (value < least) (best, least) = (x, value);
        }
        return best;
    }

    private static double[] Draws(int draw, uint what, int count) =>
        [.. Enumerable.Range(0, count).Select(i => Philox.Normal(9, RandomStream.TestReset, (ulong)draw, 100 * what + (uint)i))];
}
