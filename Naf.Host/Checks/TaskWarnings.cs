using Naf.Host.Common;
using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks.Definitions;

namespace Naf.Host.Checks;

/// <summary>Warnings about likely mistakes in a task, each a sentence with the remedy.</summary>
internal static class TaskWarnings
{
    private const double LargeInput = 10;     // standard deviation; networks expect inputs near 1
    private const double Burst = 100;         // rad/s or m/s after one control step with zero action
    private const double LargeValue = 100;    // scaled rewards
    private const int ManyEpisodes = 20;      // what has not changed in fewer may have been luck
    private const double Rounding = 1e-9;

    public static IEnumerable<string> Of(ControlTask task, TaskCheckResult seen, ActionTrial trial) =>
    [
        .. OfModel(task), .. OfStart(task, seen, trial), .. OfObservation(task, seen),
        .. OfActions(task, trial), .. OfReward(task, seen),
    ];

    // a range that is switched off is meant: MuJoCo refuses one without a word about its limit
    private static IEnumerable<string> OfModel(ControlTask task)
    {
        MujocoModel model = task.Model;
        for (int i = 0; i < model.Nu; i++)
            if (model.ControlLimited[i] == 0 && model.ControlRange[2 * i] == model.ControlRange[2 * i + 1])
                yield return $"actuator {Named(model, i)} has no ctrlrange, so that its "
                    + "controls are the actions themselves, -1 to 1: give it the range that it needs";
        int hidden = model.Na - task.Definition.Observation.Simulated.Count(
            entry => entry.Quantity == SimulatedQuantity.Activation);
        if (hidden > 0)
            yield return $"actuators have activation states ({hidden}: muscles, filters, integrators) that no "
                + "observation shows, so that the policy does not know what they will do next: observe them "
                + "(activation: all), keep their time constants below the control step, or use plain motors";
    }

    private static IEnumerable<string> OfStart(ControlTask task, TaskCheckResult seen, ActionTrial trial)
    {
        KinematicTree tree = task.Definition.Observation.Tree;
        foreach (ModelParameter mass in task.Definition.Reset.Parameters)
            if (mass.Kind == ModelParameterKind.Mass
                && tree.WithParents([mass.First]).All(body => tree.Bodies[body].JointCount == 0))
                yield return $"the reset draws the mass of {tree.Bodies[mass.First].Name}, which no joint moves, so "
                    + "that it has no effect: draw that of a body with joints";
        if (seen.RandomScore.UnstableNote is { } note) yield return $"in random play {note}";
        if (trial.Failure is { } failure) yield return $"actions that are held break the simulation: {failure}";
        if (trial.FirstSpeed > Burst)
            yield return $"without any action something moves at {Texts.Number(trial.FirstSpeed)} (rad/s or m/s) after "
                + "the first control step: does the start have bodies inside each other, "
                + "or joints beyond their limits?";
        if (seen.Termination is { Rate: 1, MeanStep: < 4 and var step })
            yield return $"every random episode ends at once, at step {Texts.Number(step)} on average: correct the "
                + "bounds under 'termination', or the start";
    }

    private static IEnumerable<string> OfObservation(ControlTask task, TaskCheckResult seen)
    {
        bool[] moves = Movable(task.Definition.Observation);
        foreach (SimulatedEntry phase in task.Definition.Observation.Simulated.Where(
            e => e.Quantity == SimulatedQuantity.Phase && e.Period <= 2 * task.ControlStep))
            yield return $"{phase.Name} turns once in {Texts.Number(phase.Period)} s, and a control step is "
                + $"{Texts.Number(task.ControlStep)} s: give it a period of many steps";
        foreach (ObservedNumber x in seen.Observation)
        {
            if (!moves[x.Index])
                yield return $"{x.Name} is always {Texts.Number(x.Mean)}, since no joint moves it: leave it out "
                    + "(components: xy keeps two of three)";
            else if (x.Minimum == x.Maximum && x.Entry != "constant" && seen.RandomScore.Episodes >= ManyEpisodes)
                yield return $"{x.Name} was {Texts.Number(x.Mean)} in every random episode: leave it out, unless a "
                    + "trained policy changes it";
            else if (x.ScaledDeviation > LargeInput)
                yield return $"{x.Name} reaches the networks with a deviation of {Texts.Number(x.ScaledDeviation)}: "
                    + $"give it input_scale: {Texts.Number(Texts.OneDigit(1 / x.Deviation))}";
        }
    }

    private static IEnumerable<string> OfActions(ControlTask task, ActionTrial trial)
    {
        string[] idle = [.. Enumerable.Range(0, task.ActionSize).Where(i => trial.Effects[i] == 0)
            .Select(i => Named(task.Model, i))];
        if (idle is [var one])
            yield return $"actuator {one} changes nothing that is observed: "
                + "observe what it moves, or take it out of the model";
        else if (idle.Length > 0)
            yield return $"actuators {string.Join(", ", idle)} change nothing that is observed: "
                + "observe what they move, or take them out of the model";
        for (int i = 0; i < trial.Effects.Length; i++)
        {
            string name = Named(task.Model, i);
            if (trial.Effects[i] is > 0 and < ActionTrial.SmallEffect)
                yield return $"actuator {name} at its limit changes what the networks see by at most "
                    + $"{Texts.Number(trial.Effects[i])} in {Math.Min(task.Horizon, ActionTrial.PushSteps)} steps: is "
                    + "the body that it moves fixed (an equality, a mocap body), or its gear or an input_scale too "
                    + "small?";
        }
        foreach (string warning in OfRange(task)) yield return warning;
        HashSet<int> costly = [.. task.Reward.Terms.Where(t => t is { Kind: RewardKind.Quadratic, Weight: < 0 })
            .SelectMany(t => t.Index)];
        string[] free = [.. Enumerable.Range(0, task.ActionSize).Where(i => !costly.Contains(task.ObservationSize + i))
            .Select(i => Named(task.Model, i))];
        if (free.Length > 0 && task.ModelFreeReason is null)
            yield return (free.Length == task.ActionSize
                ? "actions cost nothing" : $"the actions of {string.Join(", ", free)} cost nothing")
                + ": planners need a small cost, such as {quadratic: action, weight: -0.0002} under 'reward'";
    }

    private static IEnumerable<string> OfRange(ControlTask task)
    {
        ActionDefinition actions = task.Definition.Actions;
        if (actions.IsWithin) yield break;
        for (int i = 0; i < task.ActionSize; i++)
        {
            if (task.Model.ControlLimited[i] == 0) continue;
            double low = task.Model.ControlRange[2 * i], high = task.Model.ControlRange[2 * i + 1],
                beyond = Math.Max(0, low - (actions.Home[i] - actions.Range[i]))
                    + Math.Max(0, actions.Home[i] + actions.Range[i] - high);
            if (beyond > 0)
                yield return $"{Texts.Number(100 * beyond / (2 * actions.Range[i]))}% of the actions of "
                    + $"{Named(task.Model, i)} change nothing, since home and range go beyond its ctrlrange of "
                    + $"{Texts.Number(low)} to {Texts.Number(high)}: give it a smaller range";
        }
    }

    private static IEnumerable<string> OfReward(ControlTask task, TaskCheckResult seen)
    {
        RewardTerm[] terms = [.. task.Reward.Terms, .. task.Definition.StepReward?.Reward.Terms ?? []];
        foreach (ToleranceFactor factor in terms.SelectMany(term => term.Factors))
            if (factor is { Margin: 0 } && factor.Low == factor.High)
                yield return "a factor of a product is 1 only where its signal is exactly "
                    + $"{Texts.Number(factor.Low)}, and 0 everywhere else: give it wider bounds or a margin";
        if (task.Reward.Bounds.IsEmpty && task.Definition.StepReward is null
            && task.Reward.Terms.All(t => t.Index.All(i => i >= task.ObservationSize)))
            yield return "the reward looks at no observation, only at actions: it is best to do nothing";
        else if (seen.RewardSize.Found == 0)
            yield return "random actions find no reward"
                + (seen.RewardSize.Largest == 0 ? "" : $" (at most {Texts.Number(seen.RewardSize.Largest)} a step)")
                + ": learning begins once exploration finds some; begin episodes nearer to the goal (reset), or add a "
                + "term that leads there";
        else
            foreach (string warning in OfSize(seen.RewardSize)) yield return warning;
        if (seen.RandomScore.SuccessRate == 1)
            yield return "every random episode is a success: the conditions under 'success' ask for too little";
    }

    private static IEnumerable<string> OfSize(RewardSize size)
    {
        if (size.Suggested is { } scale)
            yield return $"inside the learner a reward is {Texts.Number(size.PerStep * size.RewardScale)} on average "
                + $"and {Texts.Number(size.Percentile95 * size.RewardScale)} at the 95th percentile, where 0.05 to 0.2 "
                + $"learns best: write reward_scale: {Texts.Number(scale)} under 'training'";
        else if (size.PerStep * size.RewardScale < RandomEpisodes.LeastReward)
            yield return $"random actions find reward in only {Texts.Number(100 * size.Found)}% of the steps, from "
                + "which no reward_scale follows: expect learning to begin late, and choose reward_scale by the "
                + "rewards of the goal";
        if (size.LargestValue > LargeValue)
            yield return $"the largest reward, {Texts.Number(size.Largest)}, has the value "
                + $"{Texts.Number(size.LargestValue)} inside the learner if it comes at every step (times reward_scale "
                + "/ (1 - gamma)), where values above 100 are hard to learn: lower reward_scale or gamma, or the terms "
                + "that are so large";
    }

    private static string Named(MujocoModel model, int actuator) =>
        $"'{model.NameOf(MujocoObject.Actuator, actuator)}'";

    // [observations], whether joints or episode constants can change x_i, tested in random states
    private static bool[] Movable(ObservationDefinition observation)
    {
        KinematicTree tree = observation.Tree;
        var h = new ObservationFunction<double>(observation);
        double[] first = new double[observation.Size], x = new double[observation.Size];
        h.Evaluate([.. tree.Qpos0], new double[tree.Nv], new double[observation.ConstantSize], first);
        bool[] moves = new bool[observation.Size];
        for (int e = 0; e < observation.Entries.Length; e++)
            if (observation.Entries[e] is SimulatedEntry)
                moves.AsSpan(observation.Starts[e]..observation.Starts[e + 1]).Fill(true);
        for (ulong trial = 0; trial < 8; trial++)
        {
            uint lane = 0;
            double[] q = [.. tree.Qpos0.Select(q0 => q0 + Draw())];
            h.Evaluate(q, Drawn(tree.Nv), Drawn(observation.ConstantSize), x);
            for (int i = 0; i < x.Length; i++) moves[i] |= Math.Abs(x[i] - first[i]) > Rounding;

            double[] Drawn(int count) => [.. Enumerable.Range(0, count).Select(_ => Draw())];

            double Draw() => Philox.Normal(0, RandomStream.TestReset, trial, lane++);
        }
        return moves;
    }
}
