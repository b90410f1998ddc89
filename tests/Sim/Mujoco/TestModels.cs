namespace Naf.Tests;

internal static class TestModels
{
    public static string CheetahPath => Path.Combine(Repository.Root, "tests/Sim/Mujoco/cheetah.xml");

    /// <summary>
    /// A free body with a hinged arm ending in a slide: three joint types, nonzero references and anchors.
    /// </summary>
    public const string Mixed = """
        <mujoco model="mixed">
          <compiler angle="radian"/>
          <option timestep="0.002"/>
          <worldbody>
            <site name="origin" pos="0.1 0.2 0.3"/>
            <body name="trunk" pos="0 0 2" quat="0.8 0 0.6 0">
              <freejoint name="float"/>
              <geom type="box" size="0.2 0.1 0.05"/>
              <body name="arm" pos="0.2 0.05 0" quat="0.6 0.8 0 0">
                <joint name="elbow" type="hinge" pos="0.01 0.02 0" axis="0 0.6 0.8" ref="0.3" damping="0.1"/>
                <geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
                <body name="rod" pos="0.3 0 0">
                  <joint name="reach" type="slide" axis="1 0 0" ref="0.05" damping="0.5"/>
                  <geom type="sphere" size="0.05"/>
                  <site name="tip" pos="0.1 0 0.02" quat="0.6 0 0 0.8"/>
                </body>
              </body>
            </body>
          </worldbody>
          <actuator>
            <motor name="elbow" joint="elbow" ctrllimited="true" ctrlrange="-2 3"/>
            <general name="reach" joint="reach" dyntype="filter" dynprm="0.1" gainprm="5"/>
          </actuator>
        </mujoco>
        """;

    /// <summary>A pendulum without actuators or sites.</summary>
    public static string Pendulum(string option = "") => $"""
        <mujoco>
          <option timestep="0.01" {option}/>
          <worldbody>
            <body pos="0 0 1"><joint name="swing" type="hinge" axis="0 1 0"/>
              <geom type="capsule" fromto="0 0 0 0.5 0 0" size="0.03"/></body>
          </worldbody>
        </mujoco>
        """;

    /// <summary>
    /// A box above the floor whose stack has no room for contacts: on touching (<see cref="Touching"/>), mj_step of
    /// 2.2.2 calls mju_error.
    /// </summary>
    public const string TinyStack = """
        <mujoco>
          <size nstack="200"/>
          <worldbody>
            <geom type="plane" size="5 5 1"/>
            <body pos="0 0 1"><freejoint/><geom type="box" size="0.1 0.1 0.1"/></body>
          </worldbody>
        </mujoco>
        """;

    /// <summary>Height of the box of <see cref="TinyStack"/> (qpos[2]) at which it touches the floor.</summary>
    public const double Touching = 0.09;
}
