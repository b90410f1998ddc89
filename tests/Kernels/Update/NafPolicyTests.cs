using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Gpu.Cpu;
using Naf.Kernels.Network;
using Naf.Kernels.Population;
using Naf.Kernels.Random;
using Naf.Kernels.Update;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>μ(x) of one observation against the reference, after some training.</summary>
public sealed class NafPolicyTests
{
    [Test]
    public void The_policy_is_that_of_the_reference_with_running_statistics([Values] bool trunk, [Values] bool batchNorm)
    {
        using var device = new CpuDevice(1);
        var shape = new NafShape(7, 3, [40, 31, 17], trunk, batchNorm);
        float[] scale = [.. Enumerable.Range(0, 7).Select(i => 0.5f + 0.1f * i)];
        using var population = new NafPopulation(device, shape, scale, 16, 1000, [new LearnerSettings { Seed = 2 }]);
        UpdateCheck.Fill(population, 0, 300, 1);
        population.Update(50);

        Learner learner = population.LearnerAt(0);
        int network = trunk ? 0 : 1, first = trunk ? 1 : 0;
        double[] parameters = Part(learner.Parameters, n => n.Parameters), statistics = Part(learner.Statistics, n => n.Statistics);
        for (int i = 0; i < 20; i++)
        {
            float[] x = [.. Enumerable.Range(0, 7).Select(j => (float)Philox.Normal(3, RandomStream.Reset, (ulong)i, (uint)j))];
            var u = new float[3];
            population.Act(0, x, u);
            double[][] scaled = [[.. x.Select((v, j) => (double)(v * scale[j]))]];
            double[] output = new MlpOracle(learner.Networks[network]).Forward(parameters, batchNorm ? statistics : null, scaled)[0];
            for (int j = 0; j < 3; j++) Assert.That(u[j], Is.EqualTo(Math.Tanh(output[first + j])).Within(Tolerances.Float32Sum(40)));
        }

        double[] Part(HostBuffer all, Func<MlpShape, int> size)
        {
            int at = learner.Networks.Take(network).Sum(size);
            return [.. all.Span.Slice(at, size(learner.Networks[network])).ToArray().Select(v => (double)v)];
        }
    }
}
