using Naf.Gpu;
using Naf.Kernels;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The fit on an emulated CUDA device whose memory runs out.</summary>
public sealed class GaussianFitFailureTests
{
    private const int OutOfMemory = 2;
    private static readonly DynamicsShape Shape = new(3, 2, 1);

    private TemporaryFolder _folder = null!;
    private CudaEmulator _driver = null!;

    [SetUp]
    public void Start()
    {
        _folder = new TemporaryFolder();
        _driver = CudaEmulator.Fresh(_folder);
    }

    [TearDown]
    public void Nothing_is_left_behind()
    {
        Assert.That((_driver.Alive, _driver.LeftBehind), Is.EqualTo((0, 0)), "alive, and left when the context ended");
        _folder.Dispose();
    }

    [TestCase("cuMemAlloc_v2")]
    [TestCase("cuMemsetD8Async")]
    public void Whichever_buffer_finds_no_room_none_is_left_and_the_device_goes_on(string call)
    {
        using var device = new CudaDevice(0, _driver.Platform) { Cache = new CompileCache("off") };
        // a prior of its own for each step, for which a fit makes room when it comes
        FitData data = FitData.Draw(Shape, new FitCheck.Options { PriorSteps = Shape.Horizon });
        (int inConstructor, int inFit) = (0, 0);
        for (bool whole = false; !whole;)
        {
            _driver.Fail(call, OutOfMemory, after: inConstructor + inFit);
            whole = Run();
            Assert.That((device.LiveBuffers, device.LiveBytes), Is.EqualTo((0, 0L)), $"{inConstructor} and {inFit} failures");
        }
        Assert.That((inConstructor, inFit), Is.EqualTo((10, call == "cuMemAlloc_v2" ? 2 : 3)), "buffers; the prior's, and the fill of a buffer");

        bool Run()
        {
            GaussianFit fit;
            try
            {
                fit = new GaussianFit(device, Shape, 2, 5, new GaussianFitSettings());
            }
            catch (DeviceMemoryException)
            {
                inConstructor++;
                return false;
            }
            using (fit)
            {
                data.Store(fit);
                bool whole = true;
                try
                {
                    fit.Fit(data.Prior, data.Scale);
                }
                catch (DeviceMemoryException)
                {
                    (inFit, whole) = (inFit + 1, false);
                    fit.Fit(data.Prior, data.Scale);
                }
                FitCheck.Errors errors = FitCheck.Compare(fit, data);
                Assert.That(errors.Agree, Is.True, $"{errors}");
                return whole;
            }
        }
    }
}
