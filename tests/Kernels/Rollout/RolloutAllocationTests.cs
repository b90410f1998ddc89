using Naf.Gpu;
using Naf.Kernels;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Whichever allocation of rollouts on a GPU fails: a typed exception, and nothing of them stays on the device or the host.</summary>
public sealed class RolloutAllocationTests
{
    private const int OutOfMemory = 2;

    [Test]
    public void Rollouts_that_fail_to_be_built_free_what_they_took()
    {
        using var folder = new TemporaryFolder();
        CudaEmulator driver = CudaEmulator.Fresh(folder);
        using (var device = new CudaDevice(0, driver.Platform) { Cache = new CompileCache(folder["kernels"]) })
        {
            // compiles once
            Construct(device).Dispose();
            long host = HostBuffer.LiveBuffers;
            int failed = 0;
            for (bool built = false; !built; failed++)
            {
                driver.Fail("cuMemAlloc_v2", OutOfMemory, after: failed);
                try
                {
                    Construct(device).Dispose();
                    built = true;
                }
                catch (DeviceMemoryException)
                {
                    Assert.That((device.LiveBuffers, device.LiveBytes), Is.EqualTo((0, 0L)), $"after allocation {failed} failed");
                }
            }
            // the policy, the input scale, bounds, calls and totals at least
            Assert.That(failed, Is.GreaterThan(5));
            Assert.That(HostBuffer.LiveBuffers, Is.EqualTo(host));
        }
        Assert.That((driver.Alive, driver.LeftBehind), Is.EqualTo((0, 0)));
    }

    private static RolloutTrial Construct(GpuDevice device)
    {
        RolloutDefinition task = RolloutTasks.Chain(joints: 2, action: 1, horizon: 5);
        return new RolloutTrial(device, task, new NafShape(4, 1, [20]), [new RolloutSettings { Rollouts = 9, Steps = 2 }]);
    }
}
