using Naf.Gpu;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>What an OpenCL driver's status codes become.</summary>
public sealed class OpenCLErrorTests
{
    [TestCase(-1, typeof(DeviceLostException))]
    [TestCase(-2, typeof(DeviceLostException))]
    [TestCase(-14, typeof(DeviceLostException))]
    [TestCase(-34, typeof(DeviceLostException))]
    [TestCase(-36, typeof(DeviceLostException))]
    [TestCase(-4, typeof(DeviceMemoryException))]
    [TestCase(-5, typeof(DeviceLostException))]
    [TestCase(-6, typeof(DeviceMemoryException))]
    [TestCase(-61, typeof(DeviceMemoryException))]
    [TestCase(-48, typeof(DeviceException))]
    [TestCase(-54, typeof(DeviceException))]
    [TestCase(-9999, typeof(DeviceException))]
    public void A_call_that_fails_is_named_and_only_a_dead_device_is_lost(int status, Type type) =>
        Assert.That(() => OpenCLError.Check(status, "opencl:0", "clCall"),
            Throws.TypeOf(type).With.Message.Contains("opencl:0").And.Message.Contains("clCall"));

    [TestCase(-5, typeof(ArgumentException))]
    [TestCase(-52, typeof(ArgumentException))]
    [TestCase(-53, typeof(ArgumentException))]
    [TestCase(-54, typeof(ArgumentException))]
    [TestCase(-55, typeof(ArgumentException))]
    [TestCase(-4, typeof(DeviceMemoryException))]
    [TestCase(-36, typeof(DeviceLostException))]
    [TestCase(-48, typeof(DeviceException))]
    public void A_launch_that_does_not_fit_is_an_argument(int status, Type type) =>
        Assert.That(() => OpenCLError.CheckLaunch(status, "opencl:0", "scale", new LaunchShape(1, 64)),
            Throws.TypeOf(type).With.Message.Contains("opencl:0").And.Message.Contains(type == typeof(ArgumentException) ? "scale" : "clEnqueue"));

    [Test]
    public void Success_is_silent() => Assert.That(() => OpenCLError.CheckLaunch(0, "opencl:0", "scale", new LaunchShape(1, 64)), Throws.Nothing);
}
