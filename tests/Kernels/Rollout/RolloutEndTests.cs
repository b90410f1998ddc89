using Naf.Checks.Comparisons;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Rollout;

namespace Naf.Tests;

/// <summary>Per-rollout ends, which allow several models to be concatenated.</summary>
internal sealed class RolloutEndTests(string name) : EveryDeviceFixture(name)
{
    // three models of 7 time steps: the first 31 rollouts are in the first, one in the second, 43 in the third
    private const int T = 7;
    private static readonly int[] Firsts = [0, 31, 32, 75];
    private static readonly RolloutSettings Noisy = new() { Rollouts = 75, Steps = 5, ActionNoise = 0.3f };

    private RolloutTrial Trial(int horizon)
    {
        RolloutDefinition definition =
            RolloutTasks.Chain(joints: 5, action: 2, horizon, bound: 0.5, terminationReward: -3);
        var trial = new RolloutTrial(Device, definition, new NafShape(10, 2, [31, 17]), [Noisy]);
        // the same starts for every horizon, one of them unusable
        RolloutStarts starts = trial.Rollouts.Starts(0);
        RolloutTrial.DrawStarts(starts, definition, 75, 5, seed: 5);
        for (int m = 0; m < 75; m++) starts.Time[m] = m % T;
        starts.State[10 * 40] = float.NaN;
        return trial;
    }

    // times and ends of rollouts from..to in model c of the concatenated ones; the others have no steps
    private static void Place(RolloutStarts starts, int c, int from = 0, int to = 75)
    {
        for (int m = 0; m < 75; m++)
            (starts.Time[m], starts.End[m]) = m >= from && m < to ? (c * T + m % T, (c + 1) * T) : (m % T, 0);
    }

    private static float[] Run(RolloutTrial trial)
    {
        trial.Imagined(0).Clear();
        trial.Run();
        return trial.Imagined(0).Rows.ToArray();
    }

    [Test]
    public void Models_one_behind_the_other_give_the_rollouts_of_each_alone()
    {
        using RolloutTrial together = Trial(3 * T), alone = Trial(T);
        float[] models = RolloutTrial.DrawDynamics(together.Rollouts.Definition.Dynamics, seed: 5);
        int model = models.Length / 3;
        var parts = new List<float>();
        for (int c = 0; c < 3; c++)
        {
            alone.Models.Write(0, models.AsSpan(c * model, model));
            Place(together.Rollouts.Starts(0), c);
            Place(alone.Rollouts.Starts(0), 0);
            float[] rows = Run(together);
            Assert.That(rows, Is.EqualTo(Run(alone)), $"model {c}");
            Assert.That(together.Rollouts.Report(0),
                Is.EqualTo(alone.Rollouts.Report(0)).And.Property("Cuts").EqualTo(1));
            Assert.That(rows.Chunk(24).Count(row => row[13] == 0), Is.InRange(3, 60),
                "terminal states should end some");
            Place(alone.Rollouts.Starts(0), 0, Firsts[c], Firsts[c + 1]);
            parts.AddRange(Run(alone));
        }

        // rollouts of all models in one call; on a CPU, two that are multiplied together affect each other's rounding
        RolloutStarts starts = together.Rollouts.Starts(0);
        for (int c = 0; c < 3; c++)
            for (int m = Firsts[c]; m < Firsts[c + 1]; m++)
                (starts.Time[m], starts.End[m]) = (c * T + m % T, (c + 1) * T);
        float[] mixed = Run(together);
        Assert.That(together.Compare(0), Has.Property(nameof(KernelError.Agrees)).True);
        Assert.That(mixed, OnCpu ? Is.EqualTo(parts).Within(Tolerances.ImaginedRow) : Is.EqualTo(parts));
    }

    [Test]
    public void A_rollout_that_starts_at_its_end_or_later_has_no_steps_and_is_no_cut()
    {
        using RolloutTrial trial = Trial(3 * T);
        RolloutStarts starts = trial.Rollouts.Starts(0);
        for (int m = 0; m < 75; m++) starts.End[m] = Math.Max(0, starts.Time[m] - m % 3);
        Assert.That(trial.Run(), Is.Zero);
        Assert.That(trial.Rollouts.Report(0), Is.EqualTo(new RolloutReport(0, 0)));
        // one step per rollout
        for (int m = 0; m < 75; m++) starts.End[m] = starts.Time[m] + 1;
        Assert.That((trial.Run(), trial.Rollouts.Report(0).Cuts), Is.EqualTo((74, 1)));
    }
}
