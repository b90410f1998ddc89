using System.Runtime.Intrinsics;
using Naf.Gpu;
using Naf.Kernels;
using NUnit.Framework;

namespace Naf.Tests;

public sealed unsafe class AdamTests
{
    [Test]
    public void Steps_follow_the_published_recursion()
    {
        var settings = new AdamSettings(0.01f);
        using HostBuffer p = new(16), g = new(16), m = new(16), v = new(16);
        var (expected, first, second) = (new double[16], new double[16], new double[16]);
        for (int i = 0; i < 16; i++) expected[i] = p.Span[i] = i - 8;
        for (int step = 1; step <= 50; step++)
        {
            for (int i = 0; i < 16; i++)
            {
                double gradient = g.Span[i] = (float)Philox.Normal(3, RandomStream.Weights, (ulong)step, (uint)i) * (i + 1);
                first[i] = 0.9 * first[i] + 0.1 * gradient;
                second[i] = 0.999 * second[i] + 0.001 * gradient * gradient;
                expected[i] -= 0.01 * (first[i] / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(second[i] / (1 - Math.Pow(0.999, step))) + 1e-8);
            }
            Adam<Lanes512, Vector512<float>>.Step(16, p.Pointer, g.Pointer, m.Pointer, v.Pointer, settings, step, 1);
        }
        for (int i = 0; i < 16; i++) Assert.That(p.Span[i], Is.EqualTo(expected[i]).Within(1e-5));
    }

    [Test]
    public void Moments_that_fade_become_zero_instead_of_denormal()
    {
        using HostBuffer p = new(16), g = new(16), m = new(16), v = new(16);
        g.Span.Fill(1e-3f);
        for (int step = 1; step <= 3000; step++)
        {
            Adam<Lanes256, Vector256<float>>.Step(16, p.Pointer, g.Pointer, m.Pointer, v.Pointer, new AdamSettings(1e-3f), step, 1);
            g.Span.Clear();
        }
        Assert.That(m.Span.ToArray(), Is.All.Zero);
        Assert.That(v.Span.ToArray(), Is.All.GreaterThan(1e-38));
    }

    [Test]
    public void Polyak_averages()
    {
        using HostBuffer target = new(32), parameters = new(32);
        target.Span.Fill(2);
        parameters.Span.Fill(6);
        Adam<Lanes128, Vector128<float>>.Polyak(32, target.Pointer, parameters.Pointer, 0.25f);
        Assert.That(target.Span.ToArray(), Is.All.EqualTo(0.25f * 6 + 0.75f * 2));
    }
}
