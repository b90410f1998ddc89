using Naf.Host.Planning.Ilqg;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Random;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>A linear-Gaussian controller: what it samples, and that it is saved bitwise.</summary>
public sealed class LinearGaussianControllerTests
{
    [Test]
    public void Its_actions_have_its_mean_and_covariance()
    {
        LinearGaussianController controller = new LinearSystem(3, 4, 3, 2).Previous;
        double[] s = [0.3, -1, 2], u = new double[2];
        const int draws = 20_000, t = 2;
        var moments = new SampleMoments(2);
        for (ulong i = 0; i < draws; i++)
        {
            controller.Sample(t, s, [Philox.Normal(1, RandomStream.Plan, i, 0), Philox.Normal(1, RandomStream.Plan, i, 1)], u);
            moments.Add(u);
        }
        double[] mean = [.. Enumerable.Range(0, 2).Select(i => controller.OffsetAt(t)[i]
            + controller.GainAt(t)[i * 3] * s[0] + controller.GainAt(t)[i * 3 + 1] * s[1] + controller.GainAt(t)[i * 3 + 2] * s[2])];
        double[] covariance = controller.CovarianceAt(t).ToArray();
        double size = covariance.Max();
        Assert.That(moments.Mean.ToArray(), Is.EqualTo(mean).Within(Tolerances.SampledMean(Math.Sqrt(size), draws)));
        Assert.That(moments.Covariance(), Is.EqualTo(covariance).Within(Tolerances.SampledMean(Math.Sqrt(2) * size, draws)));
        controller.Mean(t, s, u);
        Assert.That(u, Is.EqualTo(mean).Within(Tolerances.ByHand));
    }

    [Test]
    public void A_direction_without_noise_has_none()
    {
        // Σ = [1, 1]ᵀ[1, 1] is singular; the second controller has none at all
        var controller = new LinearGaussianController(2, 1, 2, [1, 2, 1, 2], [0, 0, 1, 1], [1, 1, 1, 1, 0, 0, 0, 0]);
        double[] u = new double[2];
        controller.Sample(0, [1], [0.5, 7], u);
        Assert.That(u, Is.EqualTo(new[] { 1.5, 2.5 }).Within(Tolerances.ByHand));
        controller.Sample(1, [1], [0.5, 7], u);
        Assert.That(u, Is.EqualTo(new[] { 2.0, 3 }));
    }

    [Test]
    public void It_is_saved_bitwise()
    {
        LinearGaussianController controller = new LinearSystem(3, 4, 3, 2).Previous;
        var stream = new MemoryStream();
        controller.Save(new BinaryWriter(stream));
        stream.Position = 0;
        LinearGaussianController loaded = LinearGaussianController.Load(new BinaryReader(stream));
        Assert.That(Bits(loaded), Is.EqualTo(Bits(controller)));
        Assert.That((loaded.Horizon, loaded.State, loaded.Action), Is.EqualTo((4, 3, 2)));

        static long[] Bits(LinearGaussianController c) =>
            [.. ((double[])[.. c.Gain, .. c.Offset, .. c.Covariance]).Select(BitConverter.DoubleToInt64Bits)];
    }

    [Test]
    public void Whether_it_is_finite_is_known([Values(0, 1, 2)] int part, [Values(double.NaN, double.PositiveInfinity)] double bad)
    {
        LinearGaussianController good = new LinearSystem(3, 4, 3, 2).Previous;
        double[][] parts = [good.Gain.ToArray(), good.Offset.ToArray(), good.Covariance.ToArray()];
        parts[part][^1] = bad;
        Assert.That(good.IsFinite);
        Assert.That(new LinearGaussianController(4, 3, 2, parts[0], parts[1], parts[2]).IsFinite, Is.False);
    }

    [Test]
    public void Sizes_are_checked()
    {
        LinearGaussianController c = new LinearSystem(3, 4, 3, 2).Previous;
        double[] u = new double[2];
        Assert.That(() => new LinearGaussianController(4, 3, 2, new double[5], new double[8], new double[16]),
            Throws.ArgumentException.With.Message.Contains("needs 24"));
        Assert.That(() => c.Mean(0, [1, 2], u), Throws.ArgumentException);
        Assert.That(() => c.Sample(0, [1, 2, 3], [1], u), Throws.ArgumentException);
    }

    [Test]
    public void Bounds_on_the_noise_hold_along_every_direction_and_change_nothing_else()
    {
        LinearGaussianController loud = new LinearSystem(5, 40, 2, 3).Controller(0.5);
        LinearGaussianController bounded = new NoiseBounds(0.4, 0.6).Apply(loud);
        int changed = 0;
        for (int t = 0; t < 40; t++)
        {
            double[] before = loud.CovarianceAt(t).ToArray(), after = bounded.CovarianceAt(t).ToArray();
            Assert.That(Eigenvalues.Least(after, 3), Is.GreaterThan(0.16 - 1e-12));
            Assert.That(-Eigenvalues.Least([.. after.Select(x => -x)], 3), Is.LessThan(0.36 + 1e-12));
            bool within = Eigenvalues.Least(before, 3) >= 0.16 && -Eigenvalues.Least([.. before.Select(x => -x)], 3) <= 0.36;
            Assert.That(after.AsSpan().SequenceEqual(before), Is.EqualTo(within));
            if (!within) changed++;

            // a direction within the bounds keeps its variance: the difference has the same directions, A B = B A
            double[,] a = SmallMatrices.Square(before, 3), b = SmallMatrices.Square(after, 3);
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++)
                    Assert.That(Enumerable.Range(0, 3).Sum(k => a[i, k] * b[k, j] - b[i, k] * a[k, j]), Is.EqualTo(0).Within(1e-13));
        }
        Assert.That(changed, Is.InRange(5, 40));
    }
}
