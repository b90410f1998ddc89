using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Policies;
using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks.Definitions;

namespace Naf.Host.Checks;

/// <summary>
/// Statistics of random episodes, with the initial states and actions of the random policy's evaluation.
/// </summary>
internal sealed class RandomEpisodes
{
    /// <summary>Least mean |r| inside the learner that needs no other scale; below, the largest and the best.</summary>
    internal const double LeastReward = 0.02;
    private const double MostReward = 0.4, SuitableReward = 0.1;

    // reward is rare where less than this share of the steps has more than this share of the largest reward
    private const double ManySteps = 0.05, LargeShare = 0.01;

    private readonly ControlTask _task;
    private readonly RewardFunction<double>[] _terms, _stepTerms;
    private readonly double[] _termSums, _minimum, _maximum, _mean, _squares;
    private readonly TerminationBound[] _bounds; // of observations, then of signals
    private readonly int[] _boundEnds;
    private readonly List<double>[] _measures;
    private readonly List<double> _rewards = [], _scores = [];
    private SimulationException? _failure;
    private int _broken;
    private int _observed, _ends, _endSteps, _successes;

    public RandomEpisodes(ControlTask task, ulong seed, int episodes, Action<int> progress)
    {
        (_task, Episodes) = (task, episodes);
        (_minimum, _maximum) = (Filled(double.PositiveInfinity), Filled(double.NegativeInfinity));
        (_mean, _squares) = (Filled(0), Filled(0));
        RewardDefinition reward = task.Reward;
        (_terms, _stepTerms) = (Terms(reward), Terms(task.Definition.StepReward?.Reward));
        _bounds = [.. reward.Bounds, .. task.Definition.StepReward?.Reward.Bounds ?? []];
        (_termSums, _boundEnds) = (new double[_terms.Length + _stepTerms.Length], new int[_bounds.Length]);
        _measures = [.. task.Definition.Measures.Select(_ => new List<double>())];
        Policy policy = PolicyEvaluation.RandomPolicy(seed);
        using var environment = new ControlEnvironment(task);
        for (int i = 0; i < episodes; i++)
        {
            try
            {
                Play(environment, policy, seed, i);
            }
            catch (SimulationException error) when (error.Unstable)
            {
                _failure ??= error;
                _broken++;
            }
            progress(i + 1);
        }
        if (_broken == episodes) throw _failure!;

        static RewardFunction<double>[] Terms(RewardDefinition? reward) =>
            [.. reward?.Terms.Select(term => new RewardFunction<double>(
                new RewardDefinition(reward.ObservationSize, reward.ActionSize, [term], []))) ?? []];

        double[] Filled(double value) => [.. Enumerable.Repeat(value, task.ObservationSize)];
    }

    /// <summary>Scores and successes.</summary>
    public EvaluationResult Score =>
        Evaluator.Summarise([.. _scores], _task.MeasuresSuccess ? _successes : null) with
        {
            UnstableEpisodes = _broken, Failure = _failure?.Message,
        };

    private int Episodes { get; }

    /// <summary>Statistics of each component of the observation.</summary>
    public IEnumerable<ObservedNumber> Numbers()
    {
        ObservationDefinition observation = _task.Definition.Observation;
        for (int e = 0; e < observation.Entries.Length; e++)
            for (int i = observation.Starts[e]; i < observation.Starts[e + 1]; i++)
            {
                (double scale, double deviation) = (_task.InputScale[i], Math.Sqrt(_squares[i] / _observed));
                yield return new ObservedNumber(i, observation.ComponentNames[i], Kind(observation.Entries[e]),
                    _minimum[i], _maximum[i], _mean[i], deviation, scale, scale * deviation);
            }
    }

    /// <summary>Contribution of each term of the reward.</summary>
    public IEnumerable<RewardPart> Parts()
    {
        double all = _termSums.Sum(Math.Abs);
        StepRewardDefinition? ofStep = _task.Definition.StepReward;
        return
        [
            .. _task.Reward.Terms.Select((term, k) => Part(term, k, _task.ObservationNames, modelFree: false)),
            .. ofStep?.Reward.Terms.Select((term, k) => Part(term, _terms.Length + k, ofStep.Names, modelFree: true))
                ?? [],
        ];

        RewardPart Part(RewardTerm term, int k, IReadOnlyList<string> names, bool modelFree) => new(
            term.Index.IsEmpty ? "constant" : JsonNamingPolicy.SnakeCaseLower.ConvertName(term.Kind.ToString()),
            Of(term, names), term.Weight, _termSums[k] / Episodes, all == 0 ? 0 : Math.Abs(_termSums[k]) / all,
            modelFree);
    }

    /// <summary>Terminations by the task's bounds; null when it has none.</summary>
    public EarlyEnds? Ends() => _bounds.Length == 0 ? null : new EarlyEnds(
        (double)_ends / Episodes, _ends == 0 ? null : (double)_endSteps / _ends, _task.Reward.TerminationReward,
        [.. _bounds.Select((b, i) => new BoundSummary(
            IsOfSignal(i) ? _task.Definition.StepReward!.Names[b.Index] : _task.ObservationNames[b.Index],
            b.Low, b.High, (double)_boundEnds[i] / Episodes))]);

    private bool IsOfSignal(int bound) => bound >= _task.Reward.Bounds.Length;

    /// <summary>Statistics of the task's measures.</summary>
    public IEnumerable<MeasureSummary> Measures() => _task.Definition.Measures.Select((measure, m) =>
    {
        double[] values = [.. _measures[m].DefaultIfEmpty(double.NaN)];
        return new MeasureSummary(
            measure.Name, values.Min(), values.Average(), values.Max(), (double)_measures[m].Count / Episodes);
    });

    /// <summary>Size of the rewards, with another scale if their mean is unsuitable inside the learner.</summary>
    public RewardSize Size(double scale, double gamma)
    {
        double[] sorted = [.. _rewards.Order()];
        double mean = _rewards.Average(), inside = mean * scale, most = sorted[^1];
        double found = most < RewardSize.Negligible ? 0 : _rewards.Average(r => r > LargeShare * most ? 1.0 : 0);
        bool farOff = found >= ManySteps && inside is < LeastReward or > MostReward;
        return new RewardSize(
            mean, sorted[(int)Math.Ceiling(0.95 * sorted.Length) - 1], most, scale, most * scale / (1 - gamma), found,
            farOff ? Texts.OneDigit(SuitableReward / mean) : null);
    }

    // the name in the task file
    private static string Kind(ObservationEntry entry) => entry switch
    {
        JointEntry { Quantity: JointQuantity.Sine } => "sin",
        JointEntry { Quantity: JointQuantity.Cosine } => "cos",
        JointEntry e => e.Quantity.ToString().ToLowerInvariant(),
        PlaceEntry => "point",
        AxisEntry => "axis",
        LinearVelocityEntry => "linear_velocity",
        AngularVelocityEntry => "angular_velocity",
        SimulatedEntry { Quantity: SimulatedQuantity.Elapsed or SimulatedQuantity.Remaining } => "time",
        SimulatedEntry e => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{e.Quantity}"),
        _ => "constant",
    };

    // names an entry in place of its components where the term has all of them in order
    private string Of(RewardTerm term, IReadOnlyList<string> numbersOfState)
    {
        ObservationDefinition observation = _task.Definition.Observation;
        string[] names = [.. numbersOfState, .. _task.ActionNames.Select(name => $"action.{name}")];
        string text = $" {string.Join(' ', term.Index.Select(i => names[i]))} ";
        for (int e = 0; e < observation.Entries.Length; e++)
            if (observation.Starts[e + 1] > observation.Starts[e] + 1)
                Shorten(observation.Starts[e]..observation.Starts[e + 1], observation.Entries[e].Name);
        Shorten(numbersOfState.Count.., "action");
        if (numbersOfState.Count > observation.Size)
            Shorten((numbersOfState.Count - _task.ActionSize)..numbersOfState.Count, "action_rate");
        return text.Trim();

        void Shorten(Range numbers, string name) =>
            text = text.Replace($" {string.Join(' ', names[numbers])} ", $" {name} ");
    }

    private void Play(ControlEnvironment environment, Policy policy, ulong seed, int episode)
    {
        environment.Reset(seed, RandomStream.TestReset, (ulong)episode);
        float[] action = new float[_task.ActionSize];
        AddObservation(environment.Observation);
        StepResult result;
        do
        {
            // the random policy ignores the observation
            policy([], (ulong)episode, environment.StepIndex, action);
            double[] u = [.. action.Select(value => (double)value)], x = environment.Observation.ToArray();
            result = environment.Step(u);
            AddTerms(environment, x);
            _rewards.Add(Math.Abs(result.Reward));
            AddObservation(environment.Observation);
        }
        while (!result.Done);
        if (result.Terminated) CountEnd(environment);
        if (environment.Success) _successes++;
        _scores.Add(environment.Score);
        for (int m = 0; m < _measures.Length; m++)
            if (!double.IsNaN(environment.Measure(m))) _measures[m].Add(environment.Measure(m));
    }

    private void AddTerms(ControlEnvironment environment, ReadOnlySpan<double> x)
    {
        ReadOnlySpan<double> u = environment.Applied;
        for (int k = 0; k < _terms.Length; k++) _termSums[k] += _terms[k].Value(x, u);
        for (int k = 0; k < _stepTerms.Length; k++)
            _termSums[_terms.Length + k] += _stepTerms[k].Value(environment.StepReward!.Numbers, u);
    }

    // Welford: running mean, and sum of squared deviations from it
    private void AddObservation(ReadOnlySpan<double> x)
    {
        _observed++;
        for (int i = 0; i < x.Length; i++)
        {
            (_minimum[i], _maximum[i]) = (Math.Min(_minimum[i], x[i]), Math.Max(_maximum[i], x[i]));
            double before = x[i] - _mean[i];
            _mean[i] += before / _observed;
            _squares[i] += before * (x[i] - _mean[i]);
        }
    }

    private void CountEnd(ControlEnvironment environment)
    {
        _ends++;
        _endSteps += environment.StepIndex;
        for (int b = 0; b < _boundEnds.Length; b++)
        {
            TerminationBound bound = _bounds[b];
            double x = IsOfSignal(b)
                ? environment.StepReward!.Numbers[bound.Index] : environment.Observation[bound.Index];
            if (x < bound.Low || x > bound.High) _boundEnds[b]++;
        }
    }
}
