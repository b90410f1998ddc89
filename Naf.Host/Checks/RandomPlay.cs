using Naf.Host.Evaluation;
using Naf.Host.Policies;
using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Sim.Control;

namespace Naf.Host.Checks;

/// <summary>Random episodes of a task, and statistics of what they show. Starts and actions are those of the random policy's evaluation.</summary>
internal sealed class RandomPlay
{
    private readonly ControlTask _task;
    private readonly RewardFunction<double>[] _terms;
    private readonly double[] _scores;
    private readonly int[] _boundEnds;
    private readonly List<double>[] _measures;
    private int _steps, _seen, _ends, _endSteps, _successes;
    private double _magnitude;

    /// <summary>Plays.</summary>
    /// <param name="task">The task.</param>
    /// <param name="seed">Seed of starts and actions.</param>
    /// <param name="episodes">How many.</param>
    public RandomPlay(ControlTask task, ulong seed, int episodes)
    {
        (_task, Episodes) = (task, episodes);
        (Minimum, Maximum) = (Filled(double.PositiveInfinity), Filled(double.NegativeInfinity));
        (Mean, Squares, _scores) = (Filled(0), Filled(0), new double[episodes]);
        RewardDefinition reward = task.Reward;
        _terms = [.. reward.Terms.Select(t => new RewardFunction<double>(new RewardDefinition(reward.ObservationSize, reward.ActionSize, [t], [])))];
        (TermSums, _boundEnds) = (new double[_terms.Length], new int[reward.Bounds.Length]);
        _measures = [.. task.Definition.Measures.Select(_ => new List<double>())];
        Policy policy = PolicyEvaluation.RandomPolicy(seed);
        using var environment = new ControlEnvironment(task);
        for (int i = 0; i < episodes; i++) Play(environment, policy, seed, i);
    }

    /// <summary>How many.</summary>
    public int Episodes { get; }

    /// <summary>[observations], the least number seen.</summary>
    public double[] Minimum { get; }

    /// <summary>[observations], the largest number seen.</summary>
    public double[] Maximum { get; }

    /// <summary>[observations], the mean of those seen.</summary>
    public double[] Mean { get; }

    /// <summary>[terms], the sum of each over all steps.</summary>
    public double[] TermSums { get; }

    /// <summary>Mean of |r| over the steps.</summary>
    public double RewardPerStep => _magnitude / _steps;

    /// <summary>Episodes that ended by the bounds.</summary>
    public int Ends => _ends;

    /// <summary>Their mean length; null when there was none.</summary>
    public double? MeanEnd => _ends == 0 ? null : (double)_endSteps / _ends;

    /// <summary>Scores and successes.</summary>
    public EvaluationResult Score => Evaluator.Summarise(_task, _scores, _successes);

    private double[] Squares { get; }

    /// <summary>Standard deviation of a number of the observation.</summary>
    public double Deviation(int i) => Math.Sqrt(Squares[i] / _seen);

    /// <summary>Share of the episodes that a bound ended.</summary>
    public double EndedBy(int bound) => (double)_boundEnds[bound] / Episodes;

    /// <summary>The values of a measure at the ends of those episodes that had one.</summary>
    public IReadOnlyList<double> Measured(int measure) => _measures[measure];

    private void Play(ControlEnvironment environment, Policy policy, ulong seed, int episode)
    {
        environment.Reset(seed, RandomStream.TestReset, (ulong)episode);
        float[] single = new float[_task.ObservationSize], action = new float[_task.ActionSize];
        double[] u = new double[action.Length];
        See(environment.Observation);
        StepResult result;
        do
        {
            policy(single, (ulong)episode, environment.StepIndex, action);
            for (int i = 0; i < u.Length; i++) u[i] = action[i];
            for (int k = 0; k < _terms.Length; k++) TermSums[k] += _terms[k].Value(environment.Observation, u);
            result = environment.Step(u);
            _magnitude += Math.Abs(result.Reward);
            _steps++;
            See(environment.Observation);
        }
        while (!result.Done);
        if (result.Terminated) CountEnd(environment);
        if (environment.Success) _successes++;
        _scores[episode] = environment.Score;
        for (int m = 0; m < _measures.Length; m++)
            if (!double.IsNaN(environment.Measure(m))) _measures[m].Add(environment.Measure(m));
    }

    // Welford's recursion: the squares are about the mean so far
    private void See(ReadOnlySpan<double> x)
    {
        _seen++;
        for (int i = 0; i < x.Length; i++)
        {
            (Minimum[i], Maximum[i]) = (Math.Min(Minimum[i], x[i]), Math.Max(Maximum[i], x[i]));
            double before = x[i] - Mean[i];
            Mean[i] += before / _seen;
            Squares[i] += before * (x[i] - Mean[i]);
        }
    }

    private void CountEnd(ControlEnvironment environment)
    {
        _ends++;
        _endSteps += environment.StepIndex;
        for (int b = 0; b < _boundEnds.Length; b++)
        {
            TerminationBound bound = _task.Reward.Bounds[b];
            double x = environment.Observation[bound.Index];
            if (x < bound.Low || x > bound.High) _boundEnds[b]++;
        }
    }

    private double[] Filled(double value)
    {
        double[] numbers = new double[_task.ObservationSize];
        Array.Fill(numbers, value);
        return numbers;
    }
}
