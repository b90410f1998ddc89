namespace Naf.Host.Agents;

/// <summary>Parts of a training step.</summary>
internal enum TrainingPart
{
    /// <summary>μ(x) plus noise, the simulator, observation and reward, storing.</summary>
    Simulator,
    /// <summary>Imagined rollouts.</summary>
    Rollouts,
    /// <summary>Updates of the learners.</summary>
    Updates,
    /// <summary>Fitting the dynamics, their prior and their error.</summary>
    Fit,
    /// <summary>iLQG after a fit, and action selection by planners.</summary>
    Planning,
    /// <summary>Tests.</summary>
    Tests,
}

/// <summary>Time spent in each part of training, in stopwatch ticks; it does not affect learning.</summary>
internal sealed class TrainingTimes
{
    private readonly long[] _ticks = new long[Enum.GetValues<TrainingPart>().Length];

    /// <summary>Seconds spent in a part so far.</summary>
    public double Seconds(TrainingPart part) => (double)_ticks[(int)part] / Stopwatch.Frequency;

    /// <summary>Adds the time since <paramref name="from"/>, which is set to now.</summary>
    internal void Add(TrainingPart part, ref long from)
    {
        long now = Stopwatch.GetTimestamp();
        _ticks[(int)part] += now - from;
        from = now;
    }

    /// <summary>Moves ticks from one part to another.</summary>
    internal void Move(TrainingPart from, TrainingPart to, long ticks)
    {
        _ticks[(int)from] -= ticks;
        _ticks[(int)to] += ticks;
    }
}
