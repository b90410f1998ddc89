using Naf.Gpu;
using Naf.Kernels;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Whichever allocation of a constructor fails: a typed exception, and nothing of it stays on the device or the host.</summary>
public sealed class GpuAllocationTests
{
    private const int OutOfMemory = 2;

    [Test]
    public void A_population_frees_what_it_allocated() => EveryFailureFrees(device => new NafPopulation(
        device, new NafShape(4, 2, [20]), [], 16, 1000, [new LearnerSettings()], imaginedCapacity: 100), least: 5);

    [Test]
    public void An_evaluation_frees_what_it_allocated() => EveryFailureFrees(device => new AdvantageEvaluation(device, 3, 31), least: 8);

    [Test]
    public void A_regression_frees_what_it_allocated() => EveryFailureFrees(
        device => new NetworkRegression(device, 3, 2, new RegressionSettings { Hidden = [20] }, [1, 2]), least: 4);

    private static void EveryFailureFrees(Func<Device, IDisposable> construct, int least)
    {
        using var folder = new TemporaryFolder();
        CudaEmulator driver = CudaEmulator.Fresh(folder);
        using (var device = new CudaDevice(0, driver.Platform) { Cache = new CompileCache(folder["kernels"]) })
        {
            // compiles once, and counts
            construct(device).Dispose();
            long host = HostBuffer.LiveBuffers;
            int failed = 0;
            for (; ; failed++)
            {
                driver.Fail("cuMemAlloc_v2", OutOfMemory, after: failed);
                try
                {
                    construct(device).Dispose();
                    break;
                }
                catch (DeviceMemoryException)
                {
                    Assert.That((device.LiveBuffers, device.LiveBytes), Is.EqualTo((0, 0L)), $"after allocation {failed} failed");
                }
            }
            Assert.That(failed, Is.GreaterThanOrEqualTo(least));
            Assert.That(HostBuffer.LiveBuffers, Is.EqualTo(host));
        }
        Assert.That((driver.Alive, driver.LeftBehind), Is.EqualTo((0, 0)));
    }
}
