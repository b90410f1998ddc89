using Naf.Host.Planning.Ilqg;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Random;

namespace Naf.Tests;

/// <summary>A linear-Gaussian controller: its samples, and the bounds on its noise.</summary>
internal sealed class LinearGaussianControllerTests
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
            controller.Sample(t, s, [Philox.Normal(1, RandomStream.Plan, i, 0),
                Philox.Normal(1, RandomStream.Plan, i, 1)], u);
            moments.Add(u);
        }
        double[] gain = controller.GainAt(t).ToArray(), offset = controller.OffsetAt(t).ToArray();
        double[] mean = [.. offset.Select((k, i) => k + Enumerable.Range(0, 3).Sum(j => gain[i * 3 + j] * s[j]))];
        double[] covariance = controller.CovarianceAt(t).ToArray();
        double size = covariance.Max();
        Assert.That(moments.Mean.ToArray(), Is.EqualTo(mean).Within(Tolerances.SampledMean(Math.Sqrt(size), draws)));
        Assert.That(moments.Covariance(),
            Is.EqualTo(covariance).Within(Tolerances.SampledMean(Math.Sqrt(2) * size, draws)));
        controller.Mean(t, s, u);
        Assert.That(u, Is.EqualTo(mean).Within(Tolerances.ByHand));
    }

    [Test]
    public void A_direction_without_noise_has_none()
    {
        // Σ = [1, 1]ᵀ[1, 1] is singular; the second step has no noise
        LinearGaussianController controller = new(new(2, 1, 2), [1, 2, 1, 2], [0, 0, 1, 1], [1, 1, 1, 1, 0, 0, 0, 0]);
        double[] u = new double[2];
        controller.Sample(0, [1], [0.5, 7], u);
        Assert.That(u, Is.EqualTo(new[] { 1.5, 2.5 }).Within(Tolerances.ByHand));
        controller.Sample(1, [1], [0.5, 7], u);
        Assert.That(u, Is.EqualTo(new[] { 2.0, 3 }));
    }

    [Test]
    public void Bounds_on_the_noise_hold_along_every_direction_and_change_nothing_else()
    {
        LinearGaussianController loud = new LinearSystem(5, 40, 2, 3).Controller(0.5);
        LinearGaussianController bounded = loud.Within(new() { LeastNoise = 0.4, MostNoise = 0.6 });
        int changed = 0;
        for (int t = 0; t < 40; t++)
        {
            double[] a = loud.CovarianceAt(t).ToArray(), b = bounded.CovarianceAt(t).ToArray();
            Assert.That(Eigenvalues.Least(b, 3), Is.GreaterThan(0.16 - 1e-12));
            Assert.That(-Eigenvalues.Least([.. b.Select(x => -x)], 3), Is.LessThan(0.36 + 1e-12));
            bool within = Eigenvalues.Least(a, 3) >= 0.16 && -Eigenvalues.Least([.. a.Select(x => -x)], 3) <= 0.36;
            Assert.That(b.AsSpan().SequenceEqual(a), Is.EqualTo(within));
            if (!within) changed++;

            // a direction within the bounds keeps its variance: the difference has the same eigenvectors, A B = B A
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++)
                    Assert.That(
                        Enumerable.Range(0, 3).Sum(k => a[i * 3 + k] * b[k * 3 + j] - b[i * 3 + k] * a[k * 3 + j]),
                        Is.EqualTo(0).Within(1e-13));
        }
        Assert.That(changed, Is.InRange(5, 40));
    }
}
