using Naf.Gpu.Cpu;
using Naf.Kernels.Network;
using Naf.Kernels.Random;
using Naf.Torch;
using TorchSharp;
using TorchSharp.Modules;
using Adam = Naf.Kernels.Network.Adam;

namespace Naf.Tests;

internal sealed unsafe class AdamTests
{
    [Test]
    public void Steps_are_those_of_PyTorch()
    {
        TorchNatives.Load();
        using var scope = torch.NewDisposeScope();
        var settings = new AdamSettings(0.01f);
        using HostBuffer p = new(16), g = new(16), m = new(16), v = new(16);
        for (int i = 0; i < 16; i++) p.Span[i] = i - 8;
        var expected = new Parameter(torch.tensor(p.Span.ToArray(), torch.float64));
        var adam = torch.optim.Adam(
            [expected], settings.Rate, AdamSettings.Beta1, AdamSettings.Beta2, settings.Epsilon);
        for (int step = 1; step <= 50; step++)
        {
            // of magnitude 1 to 12, and from entry 12 on so small that their moments are flushed to 0
            for (int i = 0; i < 16; i++)
                g.Span[i] = (float)Philox.Normal(3, RandomStream.Weights, (ulong)step, (uint)i)
                    * (i < 12 ? i + 1 : 1e-30f);
            expected.grad = torch.tensor(g.Span.ToArray(), torch.float64);
            adam.step();
            Adam.Step(16, p.Pointer, g.Pointer, m.Pointer, v.Pointer, settings, step, 1);
        }
        Assert.That(p.Span.ToArray(), Is.EqualTo(expected.detach().data<double>().ToArray()).Within(1e-5));
        Assert.That(m.Span[12..].ToArray(), Is.All.Zero);
    }
}
