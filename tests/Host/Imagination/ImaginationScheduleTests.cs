using Naf.Host.Imagination;
using Naf.Host.Settings;

namespace Naf.Tests;

/// <summary>When imagination ends, and when it pauses.</summary>
internal sealed class ImaginationScheduleTests
{
    private static readonly ModelError Good = new(0.1, 0.3), Bad = new(0.4, 1.2), None = new(double.NaN, double.NaN);

    [Test]
    public void It_ends_after_a_set_number_of_episodes()
    {
        var s = new ImaginationSchedule(new ImaginationSettings { OffAfter = 10 });
        s.Evaluate(5, null, -1);
        Assert.That(s.On, Is.True);
        s.Evaluate(10, Good, -1);
        Assert.That((s.On, s.Ended), Is.EqualTo((false, "10 episodes")));
        s.Evaluate(15, Good, 5);
        Assert.That(s.On, Is.False, "for good");
    }

    [Test]
    public void It_ends_when_scores_stop_rising()
    {
        var s = new ImaginationSchedule(new ImaginationSettings { Patience = 2 });
        foreach ((double score, bool on) in new[] { (-3.0, true), (-2, true), (-2.5, true), (-1, true), (-1.5, true),
            (-1.2, false), (0, false) })
        {
            s.Evaluate(5, Good, score);
            Assert.That(s.On, Is.EqualTo(on), $"after {score}");
        }
        Assert.That(s.Ended, Is.EqualTo("no better score in 2 fits"));
    }

    [Test]
    public void Batches_that_a_planner_made_say_nothing_of_the_policy()
    {
        var s = new ImaginationSchedule(new ImaginationSettings { Patience = 1 });
        s.Evaluate(5, Good, -1);
        s.Evaluate(10, Good, null);
        s.Evaluate(15, Good, null);
        Assert.That(s.On, Is.True);
    }

    [Test]
    public void It_rests_while_the_dynamics_are_wrong()
    {
        var s = new ImaginationSchedule(new ImaginationSettings());
        foreach ((ModelError? error, bool on) in new (ModelError?, bool)[] { (null, true), (Good, true), (Bad, false),
            (None, false), (Good, true) })
        {
            s.Evaluate(5, error, null);
            Assert.That(s.On, Is.EqualTo(on), $"after {error}");
        }
    }

    [Test]
    public void It_goes_on_where_it_was_saved()
    {
        var settings = new ImaginationSettings { Patience = 3 };
        var (one, two) = (new ImaginationSchedule(settings), new ImaginationSchedule(settings));
        one.Evaluate(5, Good, -1);
        one.Evaluate(10, Bad, -2);
        one.Evaluate(15, Bad, -3);
        two.Serialise(Saved.By(one.Serialise));
        Assert.That((two.On, two.Resting), Is.EqualTo((false, true)));
        two.Evaluate(20, Good, -1);
        Assert.That(two.Ended, Is.EqualTo("no better score in 3 fits"));
    }
}
