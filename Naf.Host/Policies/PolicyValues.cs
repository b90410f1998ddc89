using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Files;
using Naf.Host.Settings;
using Naf.Host.Trajectories;
using Naf.Sim.Control;

namespace Naf.Host.Policies;

/// <summary>
/// A run's Q at the steps of test episodes, for the action taken and for a random one, with the return that followed:
/// shows whether Q is accurate and how steeply it falls from its maximum. All steps are evaluated in one batch on the
/// device.
/// </summary>
internal sealed class PolicyValues(RunPolicy policy, TrainingSettings settings)
{
    private const string Header = "episode,step,reward,return,v,advantage,q,random_advantage";

    private readonly List<float> _x = [], _u = [], _random = [];
    private readonly List<(int Episode, int Step, double Reward, double Return)> _steps = [];
    private float[] _v = [], _q = [], _advantage = [];

    /// <summary>Checks that values can be written to a path without overwriting another kind of file.</summary>
    /// <inheritdoc cref="OutputFile.CheckCsv" path="/exception"/>
    public static void CheckPlace(string path) =>
        OutputFile.CheckCsv(path, "table of values", first => first == Header);

    /// <summary>Scores the policy like an evaluation, and evaluates Q at every step.</summary>
    /// <exception cref="Naf.Sim.Mujoco.SimulationException">
    /// The simulation broke down: the return that follows is not known.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public EvaluationResult Run(
        IControlTask task, ulong seed, int episodes, Trajectory? first = null, CancellationToken stop = default)
    {
        using var evaluation = new Evaluator(task, UnstableSimulation.Stop) { Stop = stop };
        Policy random = PolicyEvaluation.RandomPolicy(seed);
        var drawn = new float[task.ActionSize];
        EvaluationResult result = Evaluator.Summarise([.. Enumerable.Range(0, episodes).Select(i =>
        {
            Trajectory record = i == 0 && first is not null ? first : new Trajectory();
            EpisodeOutcome ended = evaluation.Episode(Act, seed, (ulong)i, record);
            AddReturns(i, record);
            return ended;
        })], task, UnstableSimulation.Stop);
        // of the actions taken, followed by those of the random actions
        (_v, _advantage, _q) = policy.Evaluate([.. _x], [.. _u, .. _random]);
        return result;

        void Act(ReadOnlySpan<float> x, ulong episode, int step, Span<float> u)
        {
            policy.Act(x, episode, step, u);
            random(x, episode, step, drawn);
            _x.AddRange(x);
            _u.AddRange(u);
            _random.AddRange(drawn);
        }
    }

    /// <summary>Means over the steps, in task reward units, and correlation of Q and the discounted return.</summary>
    public object Summary
    {
        get
        {
            double[] q = [.. _q.Take(_v.Length).Select(Unscaled)], returns = [.. _steps.Select(s => s.Return)];
            double meanQ = q.Average(), meanReturn = returns.Average();
            double qq = q.Sum(v => (v - meanQ) * (v - meanQ)),
                rr = returns.Sum(v => (v - meanReturn) * (v - meanReturn));
            return new
            {
                Steps = q.Length, MeanQ = meanQ, MeanReturn = meanReturn,
                Correlation = q.Zip(returns, (a, b) => (a - meanQ) * (b - meanReturn)).Sum() / Math.Sqrt(qq * rr),
                MeanRandomAdvantage = _advantage.Skip(_v.Length).Average(Unscaled),
            };
        }
    }

    /// <summary>Writes a row for each step, in task reward units.</summary>
    /// <exception cref="UserException">The file can't be written.</exception>
    public void Write(string path)
    {
        var text = new StringBuilder(Header).Append('\n');
        for (int i = 0; i < _steps.Count; i++)
        {
            (int episode, int step, double reward, double discounted) = _steps[i];
            text.AppendJoin(',', new[]
            {
                episode, step, reward, discounted, Unscaled(_v[i]), Unscaled(_advantage[i]), Unscaled(_q[i]),
                Unscaled(_advantage[_v.Length + i]),
            }.Select(number => number.ToString("R", CultureInfo.InvariantCulture))).Append('\n');
        }
        OutputFile.Write(path, file => file.Write(Encoding.UTF8.GetBytes(text.ToString())));
    }

    // R_t = r_t + γ R_t+1 to the episode's end
    private void AddReturns(int episode, Trajectory record)
    {
        int first = _steps.Count;
        for (int step = 0; step < record.Steps; step++) _steps.Add((episode, step, record.Rows[step].Reward ?? 0, 0));
        double discounted = 0;
        for (int i = _steps.Count - 1; i >= first; i--)
            _steps[i] = _steps[i] with { Return = discounted = _steps[i].Reward + settings.Learner.Gamma * discounted };
    }

    private double Unscaled(float value) => value / settings.Learner.RewardScale;
}
