using ILGPU;
using ILGPU.Runtime.CPU;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;

namespace Naf.Tests;

/// <summary>Driver errors as this library's exceptions, with their remedies.</summary>
internal sealed class GpuErrorTests
{
    [TestCase("CUDA_ERROR_OUT_OF_MEMORY", typeof(DeviceMemoryException), "fewer learners")]
    [TestCase("CL_MEM_OBJECT_ALLOCATION_FAILURE", typeof(DeviceMemoryException), "fewer learners")]
    [TestCase("CUDA_ERROR_LAUNCH_FAILED", typeof(DeviceLostException), "resume the run")]
    [TestCase("CUDA_ERROR_ILLEGAL_ADDRESS", typeof(DeviceLostException), "resume the run")]
    [TestCase("CL_OUT_OF_RESOURCES", typeof(DeviceLostException), "resume the run")]
    [TestCase("CUDA_ERROR_NOT_SUPPORTED", typeof(DeviceException), "update its driver")]
    public void A_drivers_code_becomes_an_exception_with_the_remedy(string code, Type type, string remedy) =>
        Assert.That(GpuErrors.Of(code, "cuda:0", "launch of k"),
            Is.TypeOf(type).With.Message.Contains(remedy).And.Message.Contains("cuda:0"));

    [Test]
    public void A_kernel_that_does_not_compile_is_named()
    {
        // a failed compilation breaks ILGPU's context, so this test has its own
        using var context = Context.Create(builder => builder.CPU(GpuContext.Emulated));
        using var device = new GpuDevice(context, GpuContext.Emulated, CpuDevice.Describe());
        Assert.That(() => device.Load<TestKernels.ScaleArguments>(TestKernels.Throwing, 1),
            Throws.TypeOf<KernelCompileException>().With.Message.Contains("Throwing")
                .And.Message.Contains("device=cpu"));
    }
}
