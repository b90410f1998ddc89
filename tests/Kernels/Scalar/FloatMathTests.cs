using Naf.Gpu.Accelerators;
using static Naf.Tests.TestKernels;

namespace Naf.Tests;

/// <summary>Elementary functions in float32 on every device, against .NET's in double.</summary>
[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]
internal sealed class FloatMathTests(string name) : GpuFixture(name)
{
    private static readonly float[] Special =
        [0, -0f, 1, -1, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 88.7f, 90, -86, -104, 1e-30f, 1e-5f,
            0.625f, -0.625f, 3e38f];

    private static float[] X =>
        [.. Special, .. Enumerable.Range(-443, 887).Select(i => i * 0.1f),
            .. Enumerable.Range(1, 443).Select(i => i * 1e-4f)];

    [Test]
    public void Functions_are_right_to_the_last_digits_and_at_the_edges()
    {
        float[] x = X;
        using DeviceBuffer<float> input = Device.Allocate<float>(x), output = Device.Allocate<float>(7 * x.Length);
        output.Fill(0xFF);
        Device.Load<FunctionArguments>(Functions, 4)
            .Launch(31, new FunctionArguments { X = input.View, Y = output.View });
        float[] y = output.ToArray();
        for (int i = 0; i < x.Length; i++)
        {
            double v = x[i];
            Close(y[7 * i], (float)v < -87 ? y[7 * i] : Math.Exp(v), 3e-7, $"exp {v}");
            if (v < -87) Assert.That(y[7 * i], Is.Zero);
            Close(y[7 * i + 1], Math.Log(v), 3e-7, $"log {v}");
            // .NET's function loses small numbers
            if (!(v < 0)) Close(y[7 * i + 2], v < 1e-6 ? v : Math.Log(1 + v), 6e-7, $"log1p {v}");
            Close(y[7 * i + 3], Math.Tanh(v), 3e-7, $"tanh {v}");
            Assert.That(y[7 * i + 6], Is.EqualTo(double.IsFinite(v) ? 1 : 0));
            if (!(Math.Abs(v) <= 1e4)) continue;
            Assert.That(y[7 * i + 4], Is.EqualTo(Math.Sin(v)).Within(3e-7), $"sin {v}");
            Assert.That(y[7 * i + 5], Is.EqualTo(Math.Cos(v)).Within(3e-7), $"cos {v}");
        }
    }

    // infinities and NaN exactly, everything else by relative error
    private static void Close(float actual, double expected, double tolerance, string what)
    {
        if ((float)expected is var rounded && !float.IsFinite(rounded)) Assert.That(actual, Is.EqualTo(rounded), what);
        else Assert.That(actual, Is.EqualTo(expected).Within(tolerance * Math.Abs(expected)), what);
    }
}
