namespace Naf.Tests;

/// <summary>Gymnasium's environments, version 4.</summary>
internal sealed partial record SuiteOracle
{
    private static readonly Dictionary<string, SuiteOracle> Gymnasium = new()
    {
        ["Ant-v4"] = new(0.05, 1000, FreeBody,
            (a, b, u) => (b.Body("torso")[0] - a.Body("torso")[0]) / 0.05 + 1 - 0.5 * Squares(u),
            s => !(s.Q[2] is >= 0.2 and <= 1)),
        ["HalfCheetah-v4"] = new(0.05, 1000, s => [.. s.Q[1..], .. s.V],
            (a, b, u) => (b.Q[0] - a.Q[0]) / 0.05 - 0.1 * Squares(u)),
        ["Hopper-v4"] = new(0.008, 1000, s => [.. s.Q[1..], .. Clipped(s.V)],
            (a, b, u) => (b.Q[0] - a.Q[0]) / 0.008 + 1 - 1e-3 * Squares(u),
            s => !(s.Q[2..].Concat(s.V).All(v => v is > -100 and < 100) && s.Q[1] > 0.7 && Math.Abs(s.Q[2]) < 0.2)),
        ["Humanoid-v4"] = new(0.015, 1000, FreeBody,
            (a, b, u) => 1.25 * (b.Sensors["com torso"][0] - a.Sensors["com torso"][0]) / 0.015 + 5
                - 0.1 * Squares(u.Select(v => 0.4 * v)),
            s => !(s.Q[2] is > 1 and < 2)),
        ["HumanoidStandup-v4"] = new(0.015, 1000, FreeBody,
            (_, b, u) => b.Q[2] / 0.003 - 0.1 * Squares(u.Select(v => 0.4 * v)) + 1),
        ["InvertedPendulum-v4"] = new(0.04, 1000, s => [.. s.Q, .. s.V], (_, _, _) => 1, s => Math.Abs(s.Q[1]) > 0.2),
        ["InvertedDoublePendulum-v4"] = new(0.05, 1000,
            s => [s.Q[0], Math.Sin(s.Q[1]), Math.Sin(s.Q[2]), Math.Cos(s.Q[1]), Math.Cos(s.Q[2]), .. Clipped(s.V)],
            (_, b, _) => 10 - 0.01 * Math.Pow(b.Site("tip")[0], 2) - Math.Pow(b.Site("tip")[2] - 2, 2)
                - 1e-3 * b.V[1] * b.V[1] - 5e-3 * b.V[2] * b.V[2],
            s => s.Site("tip")[2] <= 1),
        ["Pusher-v4"] = new(0.05, 100,
            s => [.. s.Q[..7], .. s.V[..7], .. s.Body("tips_arm"), .. s.Body("object"), .. s.Body("goal")],
            (a, _, u) => -Norm(Minus(a.Body("object"), a.Body("goal"))) - 0.1 * Squares(u.Select(v => 2 * v))
                - 0.5 * Norm(Minus(a.Body("object"), a.Body("tips_arm")))),
        ["Reacher-v4"] = new(0.02, 50,
            s => [Math.Cos(s.Q[0]), Math.Cos(s.Q[1]), Math.Sin(s.Q[0]), Math.Sin(s.Q[1]), .. s.Q[2..], .. s.V[..2],
                .. Minus(s.Body("fingertip"), s.Body("target"))],
            (a, _, u) => -Norm(Minus(a.Body("fingertip"), a.Body("target"))) - Squares(u)),
        ["Swimmer-v4"] = new(0.04, 1000, s => [.. s.Q[2..], .. s.V],
            (a, b, u) => (b.Q[0] - a.Q[0]) / 0.04 - 1e-4 * Squares(u)),
        ["Walker2d-v4"] = new(0.008, 1000, s => [.. s.Q[1..], .. Clipped(s.V)],
            (a, b, u) => (b.Q[0] - a.Q[0]) / 0.008 + 1 - 1e-3 * Squares(u),
            s => !(s.Q[1] is > 0.8 and < 2 && s.Q[2] is > -1 and < 1)),
    };

    private static IEnumerable<double> Clipped(double[] velocities) => velocities.Select(v => Math.Clamp(v, -10, 10));

    // qpos without x and y, and qvel
    private static double[] FreeBody(SuiteState s) => [s.Q[2], .. UnitQuaternion(s), .. s.Q[7..], .. s.V];

    // of the quaternion and its negative, which are the same orientation, the one with w ≥ 0
    private static IEnumerable<double> UnitQuaternion(SuiteState s) => s.Q[3..7].Select(q => s.Q[3] < 0 ? -q : q);
}
