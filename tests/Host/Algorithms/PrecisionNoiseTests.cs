using Naf.Host.Agents;
using Naf.Host.Settings;
using Naf.Kernels.Random;

namespace Naf.Tests;

internal sealed class PrecisionNoiseTests
{
    [Test]
    public void Its_covariance_is_c_times_the_inverse_of_P()
    {
        // P = [[a², ab], [ab, b² + e²]] with determinant a² e²
        (float a, float b, float e) = (1.5f, -0.75f, 0.5f);
        double determinant = a * a * e * e;
        double[] inverse = [(b * b + e * e) / determinant, -a * b / determinant, a * a / determinant];
        double c = 2 / (inverse[0] + inverse[2]);

        const int Samples = 20_000;
        var (noise, sums, normals) = (new PrecisionNoise(2), new double[3], new double[2]);
        for (int t = 0; t < Samples; t++)
        {
            for (uint i = 0; i < 2; i++) normals[i] = Philox.Normal(7, RandomStream.Exploration, (ulong)t, i);
            noise.Shape([a, b, e], normals);
            sums[0] += normals[0] * normals[0] / Samples;
            sums[1] += normals[0] * normals[1] / Samples;
            sums[2] += normals[1] * normals[1] / Samples;
        }
        Assert.That(sums, Is.EqualTo(inverse.Select(v => c * v)).Within(Tolerances.SampledMean(2, Samples)),
            "products of normals with a variance of at most 4");
    }

    [TestCase(1)]
    [TestCase(6)]
    [TestCase(31)]
    public void It_solves_the_triangle_and_has_a_mean_variance_of_1(int actions)
    {
        float[] lower = Lower(actions);
        var (noise, normals) = (new PrecisionNoise(actions), new double[actions]);
        double variances = 0;
        for (int k = 0; k < actions; k++)
        {
            // ν of the unit vector k is column k of √c L⁻ᵀ
            Array.Clear(normals);
            normals[k] = 1;
            noise.Shape(lower, normals);
            variances += normals.Sum(v => v * v);
            double[] product = [.. Enumerable.Range(0, actions).Select(
                j => Enumerable.Range(j, actions - j).Sum(i => lower[i * (i + 1) / 2 + j] * normals[i]))];
            double root = product[k];
            Assert.That(root, Is.GreaterThan(0));
            for (int j = 0; j < actions; j++)
                Assert.That(product[j], Is.EqualTo(j == k ? root : 0).Within(1e-9), $"{j} of {k}");
        }
        Assert.That(variances / actions, Is.EqualTo(1).Within(1e-9));
    }

    [Test]
    public void A_flat_state_gets_more_and_all_together_a_variance_of_1()
    {
        var noise = new PrecisionNoise(1);
        double steep = 0, flat = 0;
        for (int t = 0; t < 4000; t++) (steep, flat) = (Shaped(noise, 2), Shaped(noise, 1));
        Assert.That(flat / steep, Is.EqualTo(2).Within(0.01));
        Assert.That((flat * flat + steep * steep) / 2, Is.EqualTo(1).Within(0.01));
    }

    [Test]
    public void An_extreme_state_is_limited_and_hardly_changes_the_rest()
    {
        var noise = new PrecisionNoise(1);
        for (int t = 0; t < 1000; t++) Assert.That(Shaped(noise, 0.5f), Is.EqualTo(1).Within(1e-12));
        Assert.That(Shaped(noise, 1e-6f), Is.EqualTo(PrecisionNoise.Most).Within(1e-9));
        Assert.That(Shaped(noise, 0.5f), Is.EqualTo(1).Within(0.005));
    }

    [Test]
    public void The_identity_leaves_the_noise_as_it_is()
    {
        var settings = new ExplorationSettings { PrecisionAfter = 5 };
        OrnsteinUhlenbeck plain = new(settings, actions: 2), shaped = new(settings, actions: 2);
        for (int step = 0; step < 10; step++)
        {
            var (one, two) = (new float[2], new float[2]);
            plain.AddTo(3, (ulong)step, episode: 1, one);
            shaped.AddTo(3, (ulong)step, episode: 1, two, [1, 0, 1]);
            Assert.That(two, Is.EqualTo(one).Within(1e-6f));
            Assert.That(shaped.NeedsLower(step), Is.EqualTo(step >= 5));
        }
        Assert.That(new OrnsteinUhlenbeck(new ExplorationSettings(), actions: 2).NeedsLower(1_000_000), Is.False);
    }

    [Test]
    public void A_precision_that_is_not_finite_gives_no_finite_noise()
    {
        var normals = new double[] { 0.5, 0.5 };
        new PrecisionNoise(2).Shape([1, float.NaN, 1], normals);
        Assert.That(normals, Has.None.Matches<double>(double.IsFinite));
    }

    private static double Shaped(PrecisionNoise noise, float lower)
    {
        double[] normals = [1];
        noise.Shape([lower], normals);
        return normals[0];
    }

    private static float[] Lower(int actions) =>
    [
        .. from i in Enumerable.Range(0, actions)
           from j in Enumerable.Range(0, i + 1)
           let drawn = Philox.Normal(5, RandomStream.Weights, (ulong)i, (uint)j)
           select (float)(i == j ? Math.Exp(0.3 * drawn) : 0.2 * drawn),
    ];
}
