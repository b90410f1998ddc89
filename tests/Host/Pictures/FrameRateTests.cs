using Naf.Host.Pictures;

namespace Naf.Tests;

/// <summary>Videos run in real time, with at most 60 frames a second.</summary>
internal sealed class FrameRateTests
{
    [TestCase(0.03, 100, 3, 1)]
    [TestCase(0.02, 50, 1, 1)]
    [TestCase(0.025, 40, 1, 1)]
    [TestCase(0.05, 20, 1, 1)]
    [TestCase(1.0 / 60, 60, 1, 1)]
    [TestCase(0.01, 50, 1, 2)]
    [TestCase(1.0 / 240, 60, 1, 4)]
    [TestCase(0.002, 500, 9, 9)]
    [TestCase(0.3, 10, 3, 1)]
    [TestCase(2, 1, 2, 1)]
    [TestCase(0.0301, 10000, 301, 1)]
    public void Rate_is_that_of_the_control_steps(double controlStep, int numerator, int denominator, int stride)
    {
        FrameRate rate = FrameRate.Of(controlStep);
        Assert.That(rate.PerSecond, Is.LessThanOrEqualTo(60.0001));
        Assert.That(rate, Is.EqualTo(new FrameRate(numerator, denominator, stride)));
        Assert.That(rate.PerSecond * controlStep * rate.Stride, Is.EqualTo(1).Within(1e-5), "seconds of the video in a second");
    }
}
