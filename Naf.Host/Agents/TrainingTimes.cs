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
    /// <summary>iLQG after a fit, and a planner's choice of actions.</summary>
    Planning,
    /// <summary>Tests.</summary>
    Tests,
}

/// <summary>Where the time of training goes: ticks of the clock for each part. Nothing is learned from it.</summary>
internal sealed class TrainingTimes
{
    private readonly long[] _ticks = new long[Enum.GetValues<TrainingPart>().Length];

    /// <summary>Seconds spent in a part so far.</summary>
    public double Seconds(TrainingPart part) => (double)_ticks[(int)part] / Stopwatch.Frequency;

    /// <summary>Adds the time since <paramref name="from"/>, which moves on to now.</summary>
    internal void Add(TrainingPart part, ref long from)
    {
        long now = Stopwatch.GetTimestamp();
        _ticks[(int)part] += now - from;
        from = now;
    }

    /// <summary>Counts ticks that were added to one part to another.</summary>
    internal void Move(TrainingPart from, TrainingPart to, long ticks)
    {
        _ticks[(int)from] -= ticks;
        _ticks[(int)to] += ticks;
    }
}
