using Naf.Gpu.Devices;
using Naf.Host.Settings;
using Naf.Kernels.Population;
using Naf.Kernels.Update;
using Naf.Sim.Control;

namespace Naf.Host.Agents;

/// <summary>Makes the learners that a task and the settings ask for.</summary>
internal static class PopulationFactory
{
    /// <summary>A population of <see cref="TrainingSettings.Learners"/> new learners.</summary>
    public static NafPopulation Create(IControlTask task, TrainingSettings settings, Device device)
    {
        NafSettings naf = settings.Naf;
        var shape = new NafShape(task.ObservationSize, task.ActionSize, naf.Hidden, naf.SharedTrunk, naf.BatchNorm);
        LearnerSettings[] learners =
        [
            .. Enumerable.Range(0, settings.Learners).Select(k => new LearnerSettings
            {
                Seed = settings.SeedOf(k),
                LearningRate = (float)naf.LearningRate,
                Gamma = (float)naf.Gamma,
                Tau = (float)naf.Tau,
                RewardScale = (float)naf.RewardScale,
                ClipNorm = (float)naf.ClipNorm,
                LogDiagonalBound = (float)naf.LogDiagonalBound,
                HeadScale = (float)naf.HeadScale,
            }),
        ];
        return new NafPopulation(
            device, shape, task.InputScale, naf.BatchSize, naf.ReplayCapacity, learners, ImaginedCapacity(task, settings));
    }

    // R_f has room for the newest n T l transitions: about what is imagined from one fit to the next
    private static int ImaginedCapacity(IControlTask task, TrainingSettings settings)
    {
        ImaginationSettings i = settings.Imagination;
        if (i.Kind == ImaginationKind.Off || i.FromReplay) return 0;
        long rollouts = ((long)i.RefitEpisodes * task.Horizon + i.Starts - 1) / i.Starts * i.Starts;
        return (int)Math.Clamp(i.Capacity > 0 ? i.Capacity : rollouts * i.Steps, settings.Naf.BatchSize, 100_000_000);
    }
}
