using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Kernels.Update;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The fast update against the reference in double, on awkward sizes.</summary>
public sealed class NafUpdateTests
{
    [TestCase(1, 1, new[] { 1 }, 1)]
    [TestCase(20, 6, new[] { 200, 200 }, 64)]
    [TestCase(13, 3, new[] { 31, 17 }, 31)]
    [TestCase(5, 1, new[] { 443 }, 67)]
    [TestCase(31, 8, new[] { 64, 33, 100 }, 130)]
    public void Three_updates_are_those_of_the_reference(int state, int action, int[] hidden, int batch)
    {
        foreach ((bool trunk, bool batchNorm) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            // a batch of one has no variance to normalise by
            if (batchNorm && batch == 1) continue;
            using var device = new CpuDevice(1);
            var shape = new NafShape(state, action, [.. hidden], trunk, batchNorm);
            float[] scale = [.. Enumerable.Range(0, state).Select(i => 0.5f + i % 3 * 0.25f)];
            var settings = new LearnerSettings { Seed = 3, RewardScale = 2, ClipNorm = 5, Tau = 0.01f };
            UpdateCheck.Errors errors = UpdateCheck.Run(device, shape, settings, batch, updates: 3, scale);
            Assert.That(errors.Agree, Is.True, $"{shape}: {errors}");
        }
    }
}
