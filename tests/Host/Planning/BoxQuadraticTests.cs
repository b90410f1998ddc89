using Naf.Host.Planning.Mpc;
using Naf.Kernels.Random;

namespace Naf.Tests;

/// <summary>Minima of quadratics in a box, and cases without one.</summary>
internal sealed class BoxQuadraticTests
{
    [Test]
    public void It_finds_the_minimum([Values(1, 2, 3, 4)] int size, [Range(0, 9)] int draw)
    {
        double[] root = Draws(draw, 0, size * size), slope = Draws(draw, 1, size), hessian = new double[size * size];
        for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++)
                for (int k = 0; k < size; k++)
                    hessian[i * size + j] += root[i * size + k] * root[j * size + k] + (i == j && k == 0 ? 0.1 : 0);
        double[] low = [.. Draws(draw, 2, size).Select(d => -0.1 - 0.3 * Math.Abs(d))];
        double[] high = [.. Draws(draw, 3, size).Select(d => 0.3 * Math.Abs(d))];

        double[] x = Draws(draw, 4, size);
        var box = new BoxQuadratic(size);
        Assert.That(box.Solve(hessian, slope, low, high, x));

        // the Karush-Kuhn-Tucker conditions, which only the minimum satisfies
        for (int i = 0; i < size; i++)
        {
            Assert.That(x[i], Is.InRange(low[i], high[i]));
            double gradient = slope[i] + Product(i, x);
            if (x[i] > low[i]) Assert.That(gradient, Is.LessThan(1e-9), "a lower x_i would cost less");
            if (x[i] < high[i]) Assert.That(gradient, Is.GreaterThan(-1e-9), "a higher x_i would cost less");
            if (x[i] > low[i] && x[i] < high[i]) Assert.That(box.Free[i], "an entry amid its bounds is free");
        }

        // H⁻¹ b for the free entries
        double[] b = Draws(draw, 5, size), solution = [.. b];
        box.SolveFree(solution, 1);
        for (int i = 0; i < size; i++)
            Assert.That(box.Free[i] ? Product(i, solution) - b[i] : solution[i], Is.Zero.Within(1e-9));

        double Product(int i, double[] vector) => Enumerable.Range(0, size).Sum(j => hessian[i * size + j] * vector[j]);
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

    private static double[] Draws(int draw, uint what, int count) =>
        [.. Enumerable.Range(0, count)
            .Select(i => Philox.Normal(9, RandomStream.TestReset, (ulong)draw, 100 * what + (uint)i))];
}
